"""A request or a login is refused."""

from __future__ import annotations

from sensevoice.errors.base import SenseVoiceError


class LoginNeeded(SenseVoiceError):
    code = "login_needed"
    http_status = 401
    zh = "请先登录。"
    en = "Please log in first."


class LoginWrong(SenseVoiceError):
    code = "login_wrong"
    http_status = 401
    zh = "用户名或密码不对，请再试一次。"
    en = "User name or password is wrong. Please try again."


class AccessDenied(SenseVoiceError):
    """A request that is turned away before the page sees it."""

    code = "refused"
    http_status = 403
    zh = "此请求被拒绝。"
    en = "This request is refused."


class Unauthorized(AccessDenied):
    code = "uninvited"
    http_status = 401
    zh = "请使用程序启动时在终端里打印的链接（带 token），或通过 SSH 隧道在 http://127.0.0.1 打开。"
    en = (
        "Please open the link (with a token) that the program printed in its terminal, "
        "or come through the SSH tunnel at http://127.0.0.1."
    )


class UnknownHost(AccessDenied):
    host: str

    code = "unknown_host"
    http_status = 421
    zh = "不认识的主机名 {host}。请用 http://127.0.0.1 打开，或在启动时加上 --allow-host {host}。"
    en = "Unknown host name {host}. Open http://127.0.0.1, or start the program with --allow-host {host}."


class BadOrigin(AccessDenied):
    origin: str

    code = "bad_origin"
    zh = "拒绝来自其他网站（{origin}）的请求。若页面在反向代理之后，请在启动时加上 --allow-host。"
    en = "Requests from another site ({origin}) are refused. Behind a reverse proxy, start with --allow-host."


class RemoteFetchRefused(AccessDenied):
    code = "forbidden"
    zh = "不代为获取网络地址。请下载文件后上传。"
    en = "Addresses are not fetched on anybody's behalf. Download the file and upload it."


class NoSuchAddress(AccessDenied):
    code = "no_such_address"
    http_status = 404
    zh = "没有这个地址。"
    en = "There is nothing at this address."


class HeadersTooLarge(AccessDenied):
    max_kb: int

    code = "headers_too_large"
    http_status = 431
    zh = "请求头超过 {max_kb} KB 的上限。请清除浏览器中本站的 Cookie 后重试。"
    en = "The request's headers are over the limit of {max_kb} KB. Clear this site's cookies and try again."


class BodyTooBig(AccessDenied):
    max_kb: int

    code = "body_too_big"
    http_status = 413
    zh = "请求内容超过 {max_kb} KB 的上限，请减少后重试。"
    en = "The request sends more than the limit of {max_kb} KB. Send less."


class TooSlow(AccessDenied):
    code = "too_slow"
    http_status = 408
    zh = "传输中断：长时间没有收到数据，请重新上传。"
    en = "The transfer stopped: nothing came for a long time. Please send it again."


class TooManyTries(AccessDenied):
    code = "too_many_tries"
    http_status = 429
    zh = "尝试次数过多，请过一会儿再试。"
    en = "There were too many wrong tries. Please wait a moment and try again."


class TooBig(AccessDenied):
    max_mb: int

    code = "too_big"
    http_status = 413
    zh = "文件超过 {max_mb} MB 的上限（--max-upload-mb）。请压缩或分段后上传。"
    en = "The file is over the limit of {max_mb} MB (--max-upload-mb). Compress or split it."
