"""The settings, read from the environment and from `.env`; no other module reads them."""

import hashlib
import ipaddress
import json
import math
import re
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, AnyHttpUrl, BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

SHORTEST_KEY = 32
SHORTEST_RETENTION = 30
LARGEST_TEXT = 400
"""Tokens of the largest chunk, as `knowledge.chunks.CHUNK_TOKENS`."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(value: object) -> object:
    """Returns the networks in `10.0.0.0/8, ::1`; an address without a length is a network of one."""
    if not isinstance(value, str):
        return value
    return tuple(_network(part.strip()) for part in value.split(",") if part.strip())


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"takes addresses and networks (172.20.0.1, 10.0.0.0/8), and {text!r} is none"
        ) from None


def _parts(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _origin(value: str) -> str:
    parts = urlsplit(value)
    host = f"{parts.scheme}://{parts.netloc}".lower()
    if value == host and _ORIGIN.fullmatch(value):
        return value
    example = host if _ORIGIN.fullmatch(host) else "https://app.example"
    raise ValueError(f"{value!r} is no origin; write {example}, in lower case and without a path or slash")


_ORIGIN = re.compile(r"https?://[a-z0-9.:\[\]-]+")


def _blank_is_unset(value: object) -> object:
    return None if value == "" else value


def _socket(value: str | None) -> str | None:
    host, _, port = (value or "127.0.0.1:1").rpartition(":")
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
        is_socket = port.isdecimal() and 0 < int(port) < 65536
    except ValueError:
        is_socket = False
    if not is_socket:
        raise ValueError(f"takes an address and a port, such as 127.0.0.1:9464, and not {value!r}")
    return value


def _keys(value: SecretStr | None) -> tuple[str, ...]:
    return tuple(key.strip() for key in value.get_secret_value().split(",") if key.strip()) if value else ()


def _long_enough(value: SecretStr | None) -> SecretStr | None:
    if any(len(key.encode()) < SHORTEST_KEY for key in _keys(value)):
        raise ValueError(
            f"each key needs at least {SHORTEST_KEY} bytes; separate keys by commas. Make one:"
            " openssl rand -hex 32"
        )
    return value


def _long_or_unlimited(days: int) -> int:
    if 0 < days < SHORTEST_RETENTION:
        raise ValueError(f"{days} days are too few; write {SHORTEST_RETENTION} or more, or 0 for no limit")
    return days


def _headers(value: SecretStr | None) -> dict[str, str]:
    """Returns the headers in `{"x-team": "shops"}` or in `x-team=shops, x-region=eu`."""
    text = value.get_secret_value().strip() if value else ""
    if text.startswith("{"):
        read = json.loads(text)
        return {str(name): str(content) for name, content in read.items()}
    pairs = (part.split("=", 1) for part in text.split(",") if part.strip())
    return {name.strip(): content.strip() for name, content in pairs}


def _header_lines(value: SecretStr | None) -> SecretStr | None:
    try:
        headers = _headers(value)
    except ValueError:
        raise ValueError(HEADERS_FORM) from None
    for name, content in headers.items():
        if not _HEADER_NAME.fullmatch(name) or not content.isprintable() or not content.isascii():
            raise ValueError(HEADERS_FORM)
    return value


HEADERS_FORM = 'takes a JSON object, or name=value separated by commas, such as {"x-team": "shops"}'

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")

Optional = BeforeValidator(_blank_is_unset)
BuildId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Prefix = Annotated[str, Field(max_length=2_000)]
Origin = Annotated[str, AfterValidator(_origin)]


class Settings(BaseSettings):
    """Read once per process from the environment, then from `.env`."""

    model_config = SettingsConfigDict(env_prefix="PILITO_", env_file=".env", extra="ignore", frozen=True)

    # HTTP
    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=1, le=65535)
    max_body_bytes: int = Field(default=8 * 1024 * 1024, ge=1024)
    bodies_in_flight_bytes: int = Field(default=64 * 1024 * 1024, ge=1024, description="per API process")
    max_connections: int = Field(default=1000, ge=1, description="per API process")
    requests_per_minute: int = Field(default=6000, ge=1, description="per integration token or user")
    public_requests_per_minute: int = Field(
        default=120, ge=1, description="of one network to one public store, per API process"
    )
    public_url: Annotated[AnyHttpUrl | None, Optional] = None
    allow_private_shops: bool = False
    shop_requests_per_minute: int = Field(default=240, ge=1, description="to one shop, by all workers")
    shop_products: int = Field(default=200_000, ge=1, description="of one shop")
    shop_patience_seconds: float = Field(default=600.0, ge=0)
    guesses_per_minute: int = Field(default=60, ge=1, description="per address and API process")
    request_timeout_seconds: float = Field(default=60.0, gt=0)
    cors_origins: Annotated[tuple[Origin, ...], NoDecode, BeforeValidator(_parts)] = ()
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)] = ()

    # Servers; `pilito up` starts an embedded one for each address that is empty
    database_url: Annotated[str | None, Optional] = None
    temporal_address: Annotated[str | None, Optional] = None
    temporal_namespace: str = "default"
    temporal_tls: Annotated[bool | None, Optional] = None
    temporal_tls_ca: Annotated[Path | None, Optional] = None
    temporal_tls_cert: Annotated[Path | None, Optional] = None
    temporal_tls_key: Annotated[Path | None, Optional] = None
    temporal_api_key: Annotated[SecretStr | None, Optional] = None
    temporal_port: int = 7233
    temporal_ui_port: int = 8233
    temporal_ui_url: Annotated[str | None, Optional] = None
    task_queue: str = "pilito-sync"
    worker_build_id: Annotated[BuildId | None, Optional] = None
    state_dir: Path = Path(".local")

    # Logs and metrics
    log_format: Annotated[Literal["json", "text"] | None, Optional] = None
    log_retention_days: int = Field(default=30, ge=1, le=3_650)

    worker_metrics_address: Annotated[str | None, Optional, AfterValidator(_socket)] = None

    # People
    admin_email: str = "admin@pilito.local"
    admin_password: Annotated[SecretStr | None, Optional] = None
    secret_key: Annotated[SecretStr | None, Optional, AfterValidator(_long_enough)] = None

    # Pace
    debounce_seconds: float = Field(default=2.0, ge=0)
    debounce_max_seconds: float = Field(default=30.0, ge=0)

    # The event log
    payload_retention_days: Annotated[int, Field(ge=0), AfterValidator(_long_or_unlimited)] = 90
    event_retention_days: Annotated[int, Field(ge=0), AfterValidator(_long_or_unlimited)] = 0
    history_retention_days: Annotated[Annotated[int, Field(ge=1, le=3_650)] | None, Optional] = None

    # Questions of searches
    questions_days: int = Field(default=30, ge=0, le=3_650)

    # Embeddings
    openai_api_key: Annotated[SecretStr | None, Optional] = Field(
        default=None, validation_alias="OPENAI_API_KEY"
    )
    openai_base_url: Annotated[AnyHttpUrl | None, Optional] = Field(
        default=None, validation_alias="OPENAI_BASE_URL"
    )
    embedding_model: str = "text-embedding-3-small"
    embedding_dimensions: int = Field(default=1536, ge=1, le=16_000)
    embedding_send_dimensions: Literal["auto", "always", "never"] = "auto"
    embedding_encoding_format: Literal["auto", "base64", "float", "none"] = "auto"
    embedding_query_prefix: Prefix = ""
    embedding_passage_prefix: Prefix = ""
    embedding_query_input_type: str = Field(default="", max_length=100)
    embedding_passage_input_type: str = Field(default="", max_length=100)
    embedding_headers: Annotated[SecretStr | None, Optional, AfterValidator(_header_lines)] = None
    embedding_max_items: Annotated[Annotated[int, Field(ge=1)] | None, Optional] = None
    embedding_max_tokens: Annotated[Annotated[int, Field(ge=1)] | None, Optional] = None
    embedding_max_text_tokens: Annotated[Annotated[int, Field(ge=64)] | None, Optional] = None
    embedding_timeout_seconds: float = Field(default=60.0, gt=0)
    embedding_patience_hours: float = Field(default=24.0, gt=0)

    @model_validator(mode="before")
    @classmethod
    def _empty_model_is_unset(cls, values: object) -> object:
        """Leave out an empty model and empty dimensions: which ones are meant depends on the server."""
        if not isinstance(values, dict):
            return values
        return {
            name: value
            for name, value in values.items()
            if value != "" or name not in ("embedding_model", "embedding_dimensions")
        }

    @model_validator(mode="after")
    def _nothing_contradicts(self) -> Self:
        """Raise ValueError for settings that are valid each, and not together."""
        if self.debounce_seconds > self.debounce_max_seconds:
            raise ValueError(
                f"PILITO_DEBOUNCE_SECONDS is {self.debounce_seconds:g}, longer than"
                f" PILITO_DEBOUNCE_MAX_SECONDS ({self.debounce_max_seconds:g}); lower the one or raise the"
                " other"
            )
        if (self.embedding_max_text_tokens or 0) > (self.embedding_max_tokens or math.inf):
            raise ValueError(
                f"PILITO_EMBEDDING_MAX_TEXT_TOKENS is {self.embedding_max_text_tokens}, more than"
                f" PILITO_EMBEDDING_MAX_TOKENS ({self.embedding_max_tokens}) of a whole request; lower the"
                " one or raise the other"
            )
        if (self.temporal_tls_cert is None) != (self.temporal_tls_key is None):
            raise ValueError("PILITO_TEMPORAL_TLS_CERT and PILITO_TEMPORAL_TLS_KEY need each other; set both")
        secured = (self.temporal_tls_ca, self.temporal_tls_cert, self.temporal_api_key)
        if self.temporal_tls is False and any(secured):
            raise ValueError(
                "PILITO_TEMPORAL_TLS is false, but PILITO_TEMPORAL_TLS_CA, PILITO_TEMPORAL_TLS_CERT and"
                " PILITO_TEMPORAL_API_KEY need TLS; set it to true, or remove the others"
            )
        ports = (self.api_port, self.temporal_port, self.temporal_ui_port)
        if self.temporal_address is None and len(set(ports)) < len(ports):
            raise ValueError(
                "PILITO_API_PORT, PILITO_TEMPORAL_PORT and PILITO_TEMPORAL_UI_PORT are"
                f" {', '.join(map(str, ports))}; each needs a port of its own"
            )
        return self

    @property
    def secret_keys(self) -> tuple[str, ...]:
        """Returns the keys of `secret_key`: the first signs and encrypts, all verify and decrypt."""
        return _keys(self.secret_key)

    @property
    def embedding_extra_headers(self) -> dict[str, str]:
        """Returns the headers that each request to the embeddings API has besides its own."""
        return _headers(self.embedding_headers)

    @property
    def embedding_variant(self) -> str:
        """Returns what else than the model and the dimensions decides about vectors; empty by default."""
        decides = (
            self.embedding_passage_prefix,
            self.embedding_passage_input_type,
            self.text_tokens if self.text_tokens < LARGEST_TEXT else 0,
        )
        return hashlib.sha256(repr(decides).encode()).hexdigest()[:8] if any(decides) else ""

    @property
    def text_tokens(self) -> int:
        """Returns the most estimated tokens of one text to embed."""
        return min(self.embedding_max_text_tokens or LARGEST_TEXT, LARGEST_TEXT)

    @property
    def payload_retention(self) -> timedelta | None:
        """Returns how long events keep their payload after they end; None means without limit."""
        return timedelta(days=self.payload_retention_days) if self.payload_retention_days else None

    @property
    def event_retention(self) -> timedelta | None:
        """Returns how long replaced events are kept; None means without limit."""
        return timedelta(days=self.event_retention_days) if self.event_retention_days else None

    @property
    def temporal_ui(self) -> str:
        return self.temporal_ui_url or f"http://127.0.0.1:{self.temporal_ui_port}"


@lru_cache(maxsize=1)
def load() -> Settings:
    """Returns the settings of this process, read once."""
    return Settings()
