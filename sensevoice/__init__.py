"""SenseVoice web app: from a media file to a transcript with language, emotion and sound events."""

__version__ = "0.1.0"
