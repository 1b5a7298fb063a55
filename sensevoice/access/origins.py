"""From where a request comes: this machine itself, or somewhere else by way of it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from sensevoice.errors import OptionError

FORWARDING = (
    *("forwarded", "via", "x-forwarded", "x-original-", "x-real-ip", "x-remote-", "x-scheme", "x-host"),
    *(
        "client-ip",
        "x-client-",
        "true-client-ip",
        "x-originating-ip",
        "x-cluster-client-ip",
        "x-proxyuser-ip",
    ),
    *("proxy-client-ip", "wl-proxy-", "x-rewrite-url", "cdn-loop", "cf-", "cloudfront-", "fastly-", "fly-"),
    *(
        "x-azure-",
        "x-arr-",
        "x-appengine-",
        "x-amz",
        "x-akamai-",
        "akamai-",
        "x-envoy-",
        "x-vercel-",
        "x-nf-",
    ),
    *(
        "x-sucuri-",
        "x-cloud-trace-",
        "ngrok-",
        "tailscale-",
        "x-ngrok-",
        "x-forward-",
        "x-cache-",
        "x-varnish",
    ),
)
"""How the headers begin that proxies, CDNs and tunnels add: nginx, Apache, Traefik, Envoy, Varnish,
Cloudflare, CloudFront, Fastly, Akamai, Fly, Azure, App Engine, Vercel, Netlify, Sucuri, ngrok, Tailscale,
WebLogic."""

PROXY_HTTP_VERSIONS = ("0.9", "1.0")
"""What nginx speaks to a server behind it when its configuration is silent; browsers and programs use 1.1."""

DEFAULT_PORTS = {"http": 80, "https": 443}
"""Browsers leave these out of an Origin (HTML standard, "serialization of an origin")."""

HOST = re.compile(r"[a-z0-9._:-]+")
"""A name in ASCII, or an address."""

IPV6_HOST_BITS = 64
"""Of an address: providers give each customer all that differ in them (RFC 6177)."""


def is_forwarded(headers: Mapping[str, str], http_version: str) -> bool:
    """Return whether a request bears the marks of a proxy. One that only copies bytes leaves none."""
    return http_version in PROXY_HTTP_VERSIONS or any(name.startswith(FORWARDING) for name in headers)


def is_loopback(host: str) -> bool:
    """Return whether an address, or a name in Host, means the machine itself and nothing else.

    RFC 6761, 6.3: localhost and every name below it.
    """
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def visitor_address(host: str | None) -> str:
    """Return what tells visitors apart by where they come from: an address, of IPv6 its network."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return host or ""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.IPv6Address(int(address) >> IPV6_HOST_BITS << IPV6_HOST_BITS))
    return str(address)


def netloc_of(origin: str) -> str:
    """Return `host:port` of an origin in lower case, "" for one that names none, such as "null"."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


def host_of(netloc: str) -> str:
    """Return the host of `host:port`, in lower case and without the brackets of IPv6."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def allowed_origins(given: Iterable[str]) -> tuple[str, ...]:
    """Return the origins of --allow-origin as browsers write them; with commas, or given several times.

    Raises OptionError for what is no origin of http or https: "*" would be everybody, "null" anybody.
    """
    return tuple(_origin(name.strip()) for each in given for name in each.split(",") if name.strip())


def _origin(name: str) -> str:
    try:
        parts = urlsplit(name.lower())
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        port, host, parts = None, "", urlsplit("")
    rest = (parts.path.rstrip("/"), parts.query, parts.fragment, parts.username or "")
    if parts.scheme not in DEFAULT_PORTS or not HOST.fullmatch(host) or any(rest):
        raise OptionError(option="allow-origin", value=name[:200], allowed="https://HOST, http://HOST:PORT")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}")


def allowed_hosts(given: Iterable[str]) -> tuple[str, ...]:
    """Return the names of --allow-host, which may be given several times or with commas, and with a port."""
    return tuple(name.strip().lower() for each in given for name in each.split(",") if name.strip())
