"""Every error raised on purpose, each with a sentence in Chinese and in English.

Each module holds those of one area; all of them are imported from here.

SenseVoiceError
├── OptionError                 a setting with a value that is not allowed
│   └── BadVocabulary           a line of a list of hotwords
├── MediaError                  something about the file that was given
│   ├── FileMissing
│   ├── EmptyFile
│   ├── NotMedia
│   ├── NoAudioTrack
│   ├── NoPicture               a film is to be cut of sound alone
│   ├── NoSuchTrack
│   ├── NoSuchChannel
│   ├── NoUsableSound
│   ├── UnfinishedRecording
│   ├── UnsupportedCodec
│   ├── UnusualAudio            a rate or a number of channels that no recording has
│   ├── Playlist
│   ├── CopyProtected
│   ├── LockedFormat            the files of music apps
│   ├── SilkVoice
│   ├── TooShort
│   ├── TooLong
│   ├── TimedOut
│   ├── Unreadable              damaged, or made, so that reading it would not come to an end
│   └── DecoderCrashed          with a number that the log has too
├── RecognitionFailed           one clip; the other segments go on
│   └── GpuMemory
├── CardLost                    one of several GPUs; a job begins again on another
├── WorkerLost                  the processes of a fleet died of a recording
├── TooBusy                     too many runs are waiting for their turn
├── LiveBusy                    as many speak as the machine, or a login, can hold
├── LiveDiskFull                what is said cannot be written at this moment
├── LiveLoggedOut               whoever records has logged out meanwhile
├── LiveDeleted                 a recording was deleted while it was made
├── CaptionsEnded               the link to captions of a recording that has ended, or was taken back
├── DiskLow                     no room for another recording
├── NothingToCut                no rows were chosen, or far too many
├── NoRoomToCut                 the disk does not take the clips
├── CutGone                     clips that were deleted or kept for their time
├── CutFailed                   with a number that the log has too
├── WaitingForDisk              a running job waits until the disk takes what it has to write
├── JobNotFound                 there is no such job, or it is somebody else's
├── JobDamaged                  what lies on disk of a job cannot be read
├── Unexpected                  a fault of the program, with a number that the log has too
├── MinutesFailed               the user's language model gave no minutes
├── BadRequest                  what a browser asked for does not exist
├── BadQuery                    a line of the search that cannot be read
├── RuleNotFound                a search under a name that is not there
├── IndexMissing                there is no search index where one was looked for
├── NotAnIndex                  a file that is no search index of ours
├── RowChanged                  a row that was corrected elsewhere since it was seen
├── RowsChanged                 what was heard again belongs to rows that are no longer so
├── LoginNeeded                 the page is open to those who log in
├── LoginWrong
├── AccessDenied                     what the access policy refuses
│   ├── Unauthorized
│   ├── UnknownHost
│   ├── BadOrigin
│   ├── RemoteFetchRefused
│   ├── NoSuchAddress
│   ├── HeadersTooLarge
│   ├── BodyTooBig              of anything but an upload
│   ├── TooSlow                 a body that stopped in the middle
│   ├── TooManyTries            of passwords or tokens
│   └── TooBig
├── BadRecord                   a JSON document that is no transcript of ours
└── StartupError                the program cannot start; ends it with exit code 1
    ├── PortTaken
    ├── DataDirectoryUnusable
    ├── DeviceUnavailable
    ├── FleetUnavailable        Ray, or a worker on it
    ├── MissingDependency
    └── ModelError
        ├── ModelNotAvailable   not in the cache and not to be downloaded
        ├── ModelFileMissing
        ├── ModelFileDamaged
        └── SelfTestFailed
"""

from __future__ import annotations

from sensevoice.errors.access import (
    AccessDenied,
    BadOrigin,
    BodyTooBig,
    HeadersTooLarge,
    LoginNeeded,
    LoginWrong,
    NoSuchAddress,
    RemoteFetchRefused,
    TooBig,
    TooManyTries,
    TooSlow,
    Unauthorized,
    UnknownHost,
)
from sensevoice.errors.base import (
    BadRecord,
    BadRequest,
    BadVocabulary,
    OptionError,
    SenseVoiceError,
    Unexpected,
    first_line,
)
from sensevoice.errors.clips import CutFailed, CutGone, NoRoomToCut, NothingToCut
from sensevoice.errors.jobs import (
    DiskLow,
    JobDamaged,
    JobNotFound,
    MinutesFailed,
    RowChanged,
    RowsChanged,
    WaitingForDisk,
)
from sensevoice.errors.live import CaptionsEnded, LiveBusy, LiveDeleted, LiveDiskFull, LiveLoggedOut
from sensevoice.errors.media import (
    CopyProtected,
    DecoderCrashed,
    EmptyFile,
    FileMissing,
    LockedFormat,
    MediaError,
    NoAudioTrack,
    NoPicture,
    NoSuchChannel,
    NoSuchTrack,
    NotMedia,
    NoUsableSound,
    Playlist,
    SilkVoice,
    TimedOut,
    TooLong,
    TooShort,
    UnfinishedRecording,
    Unreadable,
    UnsupportedCodec,
    UnusualAudio,
    media_error,
)
from sensevoice.errors.recognition import CardLost, GpuMemory, RecognitionFailed, TooBusy, WorkerLost
from sensevoice.errors.search import BadQuery, IndexMissing, NotAnIndex, RuleNotFound
from sensevoice.errors.startup import (
    DataDirectoryUnusable,
    DeviceUnavailable,
    FleetUnavailable,
    MissingDependency,
    ModelError,
    ModelFileDamaged,
    ModelFileMissing,
    ModelNotAvailable,
    PortTaken,
    SelfTestFailed,
    StartupError,
)

__all__ = [
    "AccessDenied",
    "BadOrigin",
    "BadQuery",
    "BadRecord",
    "BadRequest",
    "BadVocabulary",
    "BodyTooBig",
    "CaptionsEnded",
    "CardLost",
    "CopyProtected",
    "CutFailed",
    "CutGone",
    "DataDirectoryUnusable",
    "DecoderCrashed",
    "DeviceUnavailable",
    "DiskLow",
    "EmptyFile",
    "FileMissing",
    "FleetUnavailable",
    "GpuMemory",
    "HeadersTooLarge",
    "IndexMissing",
    "JobDamaged",
    "JobNotFound",
    "LiveBusy",
    "LiveDeleted",
    "LiveDiskFull",
    "LiveLoggedOut",
    "LockedFormat",
    "LoginNeeded",
    "LoginWrong",
    "MediaError",
    "MinutesFailed",
    "MissingDependency",
    "ModelError",
    "ModelFileDamaged",
    "ModelFileMissing",
    "ModelNotAvailable",
    "NoAudioTrack",
    "NoPicture",
    "NoRoomToCut",
    "NoSuchAddress",
    "NoSuchChannel",
    "NoSuchTrack",
    "NoUsableSound",
    "NotAnIndex",
    "NotMedia",
    "NothingToCut",
    "OptionError",
    "Playlist",
    "PortTaken",
    "RecognitionFailed",
    "RemoteFetchRefused",
    "RowChanged",
    "RowsChanged",
    "RuleNotFound",
    "SelfTestFailed",
    "SenseVoiceError",
    "SilkVoice",
    "StartupError",
    "TimedOut",
    "TooBig",
    "TooBusy",
    "TooLong",
    "TooManyTries",
    "TooShort",
    "TooSlow",
    "Unauthorized",
    "Unexpected",
    "UnfinishedRecording",
    "UnknownHost",
    "Unreadable",
    "UnsupportedCodec",
    "UnusualAudio",
    "WaitingForDisk",
    "WorkerLost",
    "first_line",
    "media_error",
]
