"""Whatever a photo is called, it is sent and signed as the service reads it (`services.base`)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contract.stand import Stand
from uploadd.model.verdicts import Ticketed
from uploadd.services.base import Parcel

TEXTS = {
    "accents": "Été à la mer",
    "the same, decomposed": "E\u0301te\u0301",
    "other planes": "🏖️ 海 ☃ 𝒳",
    "no UTF-8": "IMG_\udce9\udcff",
    "what means something": "a&b=c+d %20 %zz ;,/?:@!'()*~^|\\",
    "quotes": "\"double\" 'single' `back`",
    "markup": "<b>&amp;</b><!-- -->",
    "lines": "one\ntwo\r\nthree\rfour",
    "control characters": "\x00\x01\x1b[31m\x7f\u0085\u2028\ufeff",
    "both directions": "\u202eabc\u202c שלום",
    "a boundary": "\r\n--uploadd-00\r\nContent-Disposition: form-data; name=x\r\n\r\n",
    "long": "word " * 2000,
    "blanks": "   ",
    "nothing": "",
}
# No file's name is longer than 255 bytes.
MOST_OF = {"title": 10_000, "description": 10_000, "tags": 10_000, "stem": 250}


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("where", ["title", "description", "tags", "stem"])
async def test_odd_words_are_signed_as_they_are_sent(
    stand: Stand, parcel: Parcel, where: str, name: str
) -> None:
    """In every field: the service gets all of the photo, and takes the signature."""
    text = TEXTS[name][: MOST_OF[where]]
    told: dict[str, object] = {where: (text, "other") if where == "tags" else text}
    verdict = await stand.service().send(replace(parcel, **told))  # type: ignore[arg-type]
    assert isinstance(verdict, Ticketed)
    assert stand.kept() == [parcel.sha256]
    photo = stand.photo()
    assert photo.title.strip() or where == "stem"
    if where == "tags":
        assert "other" in photo.tags


@pytest.mark.parametrize("name", ["accents", "other planes", "what means something", "markup"])
async def test_words_arrive_as_they_were_written(stand: Stand, parcel: Parcel, name: str) -> None:
    """Nothing is escaped, lost or changed on the way."""
    text = TEXTS[name]
    await stand.service().send(replace(parcel, title=text, description=text))
    assert (stand.photo().title, stand.photo().description) == (text, text)


@pytest.mark.parametrize("base_url", ["https://sandbox.test/", "https://sandbox.test:8443"])
async def test_another_address_is_signed_as_it_is_asked(
    stand: Stand, parcel: Parcel, base_url: str
) -> None:
    """A signature may cover the address: with its port, without a doubled slash."""
    service = stand.service(base_url=base_url)
    await service.probe()
    assert isinstance(await service.send(parcel), Ticketed)
