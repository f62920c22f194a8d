"""The one place that reads the environment: what an operator may set, and what is said when it can't be so.

A setting comes from a flag, else `VIVAVOCE_…` in the environment, else `vivavoce.toml` in the working
directory, else its default. Knows nothing of those who use them.
"""

import difflib
import json
import os
import re
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

PREFIX = "VIVAVOCE_"
FILE_NAME = "vivavoce.toml"
VENDORS = ("deepgram", "elevenlabs", "anthropic", "openai")
VENDOR_KEYS = tuple(f"{vendor}_api_key" for vendor in VENDORS)
"""Read under the vendors' own names, without our prefix."""
PROVIDER_NAME = r"^([a-z0-9]+(-[a-z0-9]+)*)?$"


class SettingsError(Exception):
    """Settings that can't be used. `faults` holds one sentence for each, with the way out."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class IceServer(BaseModel):
    """A STUN or TURN server, in the shape that browsers take (RTCIceServer), and whether only they ask."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    urls: list[Annotated[str, Field(pattern=r"^(stun|turn)s?:\S+$")]] = Field(min_length=1, max_length=8)
    username: str | None = None
    credential: SecretStr | None = None
    browsers_only: bool = False
    """This server doesn't ask it for an address of its own, as browsers reach it anyhow or by this one."""


class VendorAccess(NamedTuple):
    """How a vendor is reached."""

    key: str
    """"" = there is none."""
    url: str
    """Without a slash at its end; "" = the vendor's own."""


def _from_json(value: object) -> object:
    """A list arrives from the environment as JSON; what is no JSON is left for the validator to refuse."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


class Settings(BaseSettings):
    """Everything that an operator may set. Paths are relative to the working directory."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    data_dir: Path = Field(
        Path("data"), description="Directory of the database, recordings, prompt cache and secret key."
    )
    database_url: str = Field("", description="SQLite or PostgreSQL. Default: SQLite in the data directory.")
    host: str = Field(
        "127.0.0.1", min_length=1, description="Address to listen on; 0.0.0.0 for every interface."
    )
    port: int = Field(8080, ge=0, le=65_535, description="TCP port to listen on; 0 takes any free one.")
    public_url: str = Field("", description="Where participants reach the server. Default: host and port.")
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Secret of all keyed hashes and ciphers. Default: secret.key in data_dir.",
    )
    max_sessions: int = Field(
        20, ge=1, le=10_000, description="Talks at once; more are asked to wait. More need more processor."
    )
    recogniser_processes: int = Field(
        2,
        ge=0,
        le=64,
        description="Processes of the embedded recogniser; each takes one core and about 100 MB. With 0 one"
        " starts when somebody first speaks.",
    )
    turn_end_model: Path | None = Field(
        None, description="ONNX file, or its directory, of a model that hears ends of turns. Default: none."
    )
    speech_to_text: str = Field(
        "",
        pattern=PROVIDER_NAME,
        description="Who listens: a provider of docs/providers.md. Default: the vendor whose key is set.",
    )
    text_to_speech: str = Field(
        "", pattern=PROVIDER_NAME, description="Who speaks. Default: the vendor whose key is set."
    )
    language_model: str = Field(
        "", pattern=PROVIDER_NAME, description="Who judges answers. Default: the vendor whose key is set."
    )
    deepgram_url: str = Field("", description="Another address for Deepgram: a proxy, or an emulator.")
    elevenlabs_url: str = Field("", description="The same for ElevenLabs.")
    anthropic_url: str = Field("", description="The same for Anthropic.")
    openai_url: str = Field("", description="The same for OpenAI, with the `/v1` at its end.")
    ice_servers: Annotated[tuple[IceServer, ...], NoDecode, BeforeValidator(_from_json)] = Field(
        (), max_length=16, description="STUN and TURN servers for browsers, as a list in JSON."
    )
    idle_timeout: float = Field(
        86_400.0,
        ge=60,
        description="Seconds after which a run that nobody is connected to is abandoned, unless its channel "
        "says.",
    )
    webhook_private_targets: bool = Field(
        False, description="Whether webhooks may lead to plain HTTP and into this network."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity logged."
    )
    deepgram_api_key: SecretStr | None = Field(None, validation_alias="deepgram_api_key")
    elevenlabs_api_key: SecretStr | None = Field(None, validation_alias="elevenlabs_api_key")
    anthropic_api_key: SecretStr | None = Field(None, validation_alias="anthropic_api_key")
    openai_api_key: SecretStr | None = Field(None, validation_alias="openai_api_key")

    @field_validator("database_url")
    @classmethod
    def _name_a_database(cls, url: str, info: ValidationInfo) -> str:
        if not url:
            return f"sqlite:///{Path(info.data.get('data_dir', 'data')).absolute()}/vivavoce.db"
        if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
            return url
        parts = urlsplit(url)
        if parts.scheme in ("postgresql", "postgres") and parts.path.strip("/"):
            return "postgresql" + url[len(parts.scheme) :]
        raise ValueError(
            "it must name a database, as in sqlite:///path/to/vivavoce.db or postgresql://user@host/name"
        )

    @field_validator("public_url")
    @classmethod
    def _name_a_public_address(cls, url: str, info: ValidationInfo) -> str:
        if not url:
            host = info.data.get("host", "127.0.0.1")
            near = "localhost" if host in ("127.0.0.1", "0.0.0.0", "::", "::1") else host  # noqa: S104 - compared, not bound
            return f"http://{near}:{info.data.get('port', 8080)}"
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
            raise ValueError("it must be an address such as https://interviews.example.org")
        return url.rstrip("/")

    @field_validator("deepgram_url", "elevenlabs_url", "anthropic_url", "openai_url")
    @classmethod
    def _name_a_vendors_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("http", "https") or not parts.netloc or parts.query):
            raise ValueError("it must be an address such as https://proxy.example.org")
        return url.rstrip("/")

    @field_validator(*VENDOR_KEYS)
    @classmethod
    def _take_a_key_as_it_is_pasted(cls, key: SecretStr | None) -> SecretStr | None:
        """Without what a file or a clipboard puts around it. No library is to meet another: its error would
        tell the key."""
        bare = "" if key is None else key.get_secret_value().strip()
        if not (bare.isascii() and bare.isprintable()) or " " in bare:
            raise ValueError("it has characters that no key has, so it can't have been copied as it is")
        return SecretStr(bare) if bare else None

    @property
    def own_ice_servers(self) -> list[IceServer]:
        """Those that this server asks for addresses of its own."""
        return [server for server in self.ice_servers if not server.browsers_only]

    def vendor(self, name: str) -> VendorAccess:
        """How one of VENDORS is reached."""
        key: SecretStr | None = getattr(self, f"{name}_api_key")
        return VendorAccess("" if key is None else key.get_secret_value(), getattr(self, f"{name}_url"))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, InitSettingsSource(settings_cls, _file_values())

    @classmethod
    def load(cls, **flags: Any) -> Self:
        """Read the settings; `flags` are those of the command line, None where one wasn't given. Raises
        SettingsError."""
        given = {name: value for name, value in flags.items() if value is not None}
        try:
            return cls(**given)
        except ValidationError as error:
            raise SettingsError([_sentence(fault) for fault in error.errors()]) from None


def unknown_names() -> list[str]:
    """One sentence for each `VIVAVOCE_…` variable and each line of the file that sets nothing: typing errors,
    mostly."""
    known = [name.upper() for name in Settings.model_fields]
    strangers = [
        (name, name[len(PREFIX) :].upper())
        for name in os.environ  # noqa: TID251 - this is that one file
        if name.upper().startswith(PREFIX)
    ]
    ours = [name for name in known if name.lower() not in VENDOR_KEYS]
    found = [(name, bare, ours, PREFIX) for name, bare in strangers if bare not in ours]
    found += [
        (f"{name} in {FILE_NAME}", name.upper(), known, "")
        for name in _file_values()
        if name.upper() not in known
    ]
    sentences = []
    for name, bare, possible, prefix in found:
        near = difflib.get_close_matches(bare, possible, n=1)
        meant = (prefix + near[0] if prefix else near[0].lower()) if near else None
        if bare.lower() in VENDOR_KEYS:  # what is near it is the vendor's address, where no key belongs
            meant = bare
        sentences.append(f"{name} sets nothing" + (f"; is {meant} meant?" if meant else "."))
    return sorted(sentences)


def _file_values() -> dict[str, Any]:
    try:
        with Path(FILE_NAME).open("rb") as file:
            return tomllib.load(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise SettingsError(
            [f"{FILE_NAME} can't be read ({error.strerror}): change its permissions."]
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError([f"{FILE_NAME} is not valid TOML ({error}): correct that line."]) from None


def _sentence(fault: ErrorDetails) -> str:
    name = str(fault["loc"][0])
    variable = name.upper() if name in VENDOR_KEYS else PREFIX + name.upper()
    place = ".".join(str(part) for part in fault["loc"][1:])
    secret = name.endswith("_key") or "credential" in place or "@" in str(fault["input"])
    shown = "" if secret or fault["type"] == "missing" else f" is {str(fault['input'])[:80]!r}, but"
    reason = re.sub(r"^(Value error,|Input|String|Value|List|Tuple) ", "", fault["msg"])
    reason = reason if reason.startswith("it ") else f"it {reason}"
    where = f"{variable} ({place})" if place else variable
    way_out = f"correct it in the environment, in {FILE_NAME} or on the command line."
    return f"{where}{shown or ':'} {reason}: {way_out}"
