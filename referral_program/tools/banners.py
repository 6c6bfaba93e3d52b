"""Whether a picture may be shown to everybody as a banner: its content decides."""

import io
from dataclasses import dataclass

from PIL import Image

from .uploads import Upload, UploadRefused, check_upload

#: Bytes that a banner may come with, and pixels that it may have on each side.
MAX_SIZE = 2 * 1024 * 1024
MAX_SIDE = 4096


@dataclass(frozen=True)
class Banner(Upload):
    """A picture that may be shown, and its size in pixels."""

    width: int
    height: int


def check_banner(content):
    """Return a picture that may be shown: encoded anew, without metadata.

    :param bytes content: as it came
    :return: a :class:`Banner`
    :raise UploadRefused: with the reason
    """
    upload = check_upload(content, MAX_SIZE, MAX_SIDE)
    if not upload.mimetype.startswith("image/"):
        raise UploadRefused("type")
    with Image.open(io.BytesIO(upload.content)) as image:
        return Banner(upload.content, upload.mimetype, *image.size)
