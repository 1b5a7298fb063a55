"""The program cannot start; a model cannot be had."""

from __future__ import annotations

import os

from sensevoice.errors.base import SenseVoiceError


class StartupError(SenseVoiceError):
    """The program cannot start."""

    reason: object = ""

    code = "startup"
    zh = "无法启动：{reason}"
    en = "Cannot start: {reason}"


class PortTaken(StartupError):
    host: str
    port: int

    code = "port_taken"
    zh = "端口 {port} 已被占用。请用 --port 换一个端口，或先停掉占用它的程序。"
    en = "Port {port} is already in use. Choose another with --port, or stop the program that holds it."


class DataDirectoryUnusable(StartupError):
    path: str | os.PathLike[str]

    code = "data_directory"
    zh = "任务目录 {path} 不能使用：{reason}。请用 --data-dir 换一个目录。"
    en = "The directory for jobs, {path}, cannot be used: {reason}. Choose another with --data-dir."


class DeviceUnavailable(StartupError):
    device: str

    code = "device"
    zh = "设备 {device} 不可用：{reason}。可用 --device auto 自动选择，或 --device cpu。"
    en = "Device {device} cannot be used: {reason}. Use --device auto to choose by itself, or --device cpu."


class FleetUnavailable(StartupError):
    code = "fleet"
    zh = "无法使用 Ray 集群：{reason}。请检查 --ray 的地址，并确认已安装 pip install 'sensevoice-web[ray]'。"
    en = (
        "The fleet on Ray cannot be used: {reason}. Check the address given to --ray, and that Ray is there: "
        "pip install 'sensevoice-web[ray]'."
    )


class MissingDependency(StartupError):
    code = "dependency"
    zh = "缺少依赖：{reason}。请运行 bash scripts/run.sh，或 pip install -r requirements.txt。"
    en = "A dependency is missing: {reason}. Run bash scripts/run.sh, or pip install -r requirements.txt."


class ModelError(StartupError):
    """Something about a model directory."""

    path: str | os.PathLike[str]

    code = "model"
    zh = "模型无法载入：{path}：{reason}"
    en = "The model cannot be loaded: {path}: {reason}"


class ModelNotAvailable(ModelError):
    model: str
    missing: str

    code = "model_unavailable"
    zh = (
        "没有模型 {model}：缓存目录 {path} 里缺少 {missing}，而且无法下载（{reason}）。三种办法："
        "① 在能上网的机器上运行 python scripts/download_models.py，再把目录拷过来；"
        "② 用 --model 目录（和 --vad-model 目录）指定已有的模型；③ 用 --demo 先看看演示模型。"
    )
    en = (
        "The model {model} is not here: the cache folder {path} lacks {missing}, and it cannot be downloaded "
        "({reason}). Three ways out: (1) run python scripts/download_models.py on a machine with network and "
        "copy the folder here; (2) name a directory with --model DIR (and --vad-model DIR); "
        "(3) try --demo, the bundled demonstration model."
    )


class ModelFileMissing(ModelError):
    file: str

    code = "model_file_missing"
    zh = "模型目录 {path} 不完整：缺少 {file}。请运行 python scripts/download_models.py 重新下载。"
    en = (
        "The model directory {path} is incomplete: {file} is missing. "
        "Run python scripts/download_models.py to fetch it again."
    )


class ModelFileDamaged(ModelError):
    file: str

    code = "model_file_damaged"
    zh = (
        "模型目录 {path} 里的 {file} 已损坏（{reason}）。请删除它，再运行 python scripts/download_models.py。"
    )
    en = (
        "{file} in the model directory {path} is damaged ({reason}). "
        "Delete it and run python scripts/download_models.py."
    )


class SelfTestFailed(ModelError):
    code = "model_self_test"
    zh = "模型 {path} 载入后自检没有通过（{reason}），它的权重可能不对。请重新下载。"
    en = (
        "The model {path} failed its self-test after loading ({reason}); its weights may be wrong. "
        "Please download it again."
    )
