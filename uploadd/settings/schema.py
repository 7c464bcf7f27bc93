"""Every key that exists, with its kind and its default. `docs/configuration.md` tells the rest."""

from __future__ import annotations

from typing import Annotated, get_args

from pydantic import BaseModel, ConfigDict, Field, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, SettingsConfigDict

from uploadd.model.configuration import OnChange, ServiceName, WatchMode
from uploadd.settings import kinds
from uploadd.settings.kinds import seconds, whole
from uploadd.settings.problems import KeyPath

SECRET_KEYS = ("api_key", "api_secret", "token", "token_secret")
NOT_SET = SecretStr("")


class PhotoSettings(BaseModel):
    """`[folders.NAME.photo]` and `[accounts.NAME.photo]`, by the upload API's own names."""

    model_config = ConfigDict(extra="forbid")

    title: kinds.Template | None = None
    description: kinds.Template | None = None
    tags: Annotated[list[kinds.Template], Field(description="a list of texts")] | None = None
    privacy: kinds.Privacy | None = None
    is_public: kinds.Flag | None = None
    is_friend: kinds.Flag | None = None
    is_family: kinds.Flag | None = None
    safety_level: Annotated[int, whole(1, 3)] | None = None
    content_type: Annotated[int, whole(1, 4)] | None = None
    hidden: Annotated[int, whole(1, 2)] | None = None
    album: kinds.Template | None = None


class AccountSettings(BaseModel):
    """`[accounts.NAME]`."""

    model_config = ConfigDict(extra="forbid")

    service: kinds.Service = ServiceName.FLICKR
    api_key: kinds.Secret = NOT_SET
    api_secret: kinds.Secret = NOT_SET
    token: kinds.Secret = NOT_SET
    token_secret: kinds.Secret = NOT_SET
    parallel_uploads: Annotated[int, whole(1, 16)] = 4
    calls_per_hour: Annotated[int, whole(0, 10**9)] = 3600
    bytes_per_second: Annotated[int, whole(0, 10**12)] = 0
    dedup_check: Annotated[int, whole(0, 2)] = 1
    content_tag: Annotated[bool, Field(strict=True, description="true or false")] = True
    base_url: kinds.BaseUrl | None = None
    photo: PhotoSettings = PhotoSettings()


class FolderSettings(BaseModel):
    """`[folders.NAME]`."""

    model_config = ConfigDict(extra="forbid")

    path: kinds.Directory
    accounts: Annotated[
        list[kinds.Word], Field(min_length=1, description="a list of at least one account's name")
    ]
    watch: kinds.Watch = WatchMode.AUTO
    settle_seconds: Annotated[float, seconds(0)] = 5.0
    settle_unproven_seconds: Annotated[float, seconds(0)] = 30.0
    settle_unfinished_seconds: Annotated[float, seconds(0)] = 600.0
    poll_seconds: Annotated[float, seconds(1)] = 30.0
    rescan_seconds: Annotated[float, seconds(0)] = 3600.0
    include: Annotated[
        list[kinds.Word], Field(min_length=1, description="a list of at least one glob")
    ] = ["*"]
    exclude: Annotated[list[kinds.Word], Field(description="a list of globs")] = []
    on_change: kinds.Change = OnChange.NEW
    after_upload: kinds.AfterUpload = "keep"
    photo: PhotoSettings = PhotoSettings()


class Settings(BaseSettings):
    """The top of the file. `layers.merged` says where its values come from."""

    model_config = SettingsConfigDict(extra="forbid")

    state_dir: kinds.Directory | None = None
    patience: Annotated[
        float,
        Field(strict=True, gt=0, le=1000, allow_inf_nan=False),
        Field(description="a number above 0, up to 1000"),
    ] = 1.0
    settle_limit_seconds: Annotated[float, seconds(0)] = 900.0
    parallel_reads: Annotated[int, whole(1, 64)] = 2
    notify: Annotated[
        list[kinds.Text], Field(description="a list: a command, then its arguments")
    ] = []
    drain_seconds: Annotated[float, seconds(0, 3600)] = 60.0
    accounts: dict[str, AccountSettings] = {}
    folders: dict[str, FolderSettings] = {}


def table_at(path: KeyPath) -> type[BaseModel] | None:
    """The model of the table at `path`, None where there is no such table."""
    match path:
        case ():
            return Settings
        case ("accounts", str()):
            return AccountSettings
        case ("folders", str()):
            return FolderSettings
        case ("accounts" | "folders", str(), "photo"):
            return PhotoSettings
    return None


def expectation(path: KeyPath) -> str:
    """What the key at `path`, which exists, takes: its kind's description."""
    table = table_at(path[:-1])
    field = table.model_fields[str(path[-1])] if table else FieldInfo()
    if field.description:
        return field.description
    inner = [text for part in get_args(field.annotation) for text in _descriptions(part)]
    return inner[-1]


def _descriptions(annotation: object) -> list[str]:
    """What `Annotated` says within `X | None`, the last one last."""
    extras = getattr(annotation, "__metadata__", ())
    told = [extra.description for extra in extras if isinstance(extra, FieldInfo)]
    return [text for text in told if text]
