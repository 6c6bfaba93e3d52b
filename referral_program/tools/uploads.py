"""Whether a file that a stranger uploaded may be kept: its content decides.

Neither the file's name nor the type that the browser declares counts. Images are
decoded and encoded anew, so that metadata and whatever hid behind the picture are
gone. PDFs are kept as they are, or refused: encrypted ones, ones that run or carry
something, ones that are something else besides.
"""

import hashlib
import io
import re
import zlib
from dataclasses import dataclass

from PIL import Image, ImageOps

from odoo.tools.pdf import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    PdfFileReader,
)

#: Types that are accepted, with their first bytes and the extension they are kept by.
SIGNATURES = {
    "application/pdf": (b"%PDF-1.", b"%PDF-2."),
    "image/jpeg": (b"\xff\xd8\xff",),
    "image/png": (b"\x89PNG\r\n\x1a\n",),
}
EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
#: What `accept` of a file input says.
ACCEPT = ",".join(SIGNATURES)
#: A picture of more pixels is not a scan of a document.
MAX_PIXELS = 60_000_000
MAX_PDF_PAGES = 100
#: Bytes that a PDF's streams may unpack to, all together.
MAX_UNPACKED = 200 * 1024 * 1024
#: Streams and objects that a PDF of some pages may have.
MAX_PDF_PARTS = 100_000
#: Keys of a PDF's objects that run, send or carry something.
ACTIVE_KEYS = frozenset(
    {"/AA", "/EmbeddedFile", "/EmbeddedFiles", "/JS", "/JavaScript", "/XFA"}
)
#: Kinds of actions, annotations and objects that do.
ACTIVE_KINDS = frozenset(
    {
        "/EmbeddedFile", "/FileAttachment", "/GoToE", "/GoToR", "/ImportData",
        "/JavaScript", "/Launch", "/Movie", "/Rendition", "/RichMedia", "/Sound",
        "/SubmitForm",
    }
)  # fmt: skip
#: The same, as they stand in the file: a first look, before anything is read.
ACTIVE_NAMES = re.compile(
    rb"/(?:JS|JavaScript|Launch|EmbeddedFiles?|RichMedia|XFA|SubmitForm|ImportData"
    rb"|GoToE|GoToR|Movie|Rendition|AA)(?![A-Za-z0-9])"
)
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
#: Signs of an archive, a program or a page beside what a file claims to be.
FOREIGN = re.compile(
    rb"PK\x03\x04|PK\x05\x06|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|<script|<\?php|<html"
    rb"|<svg|\x7fELF|<!doctype|%PDF-",
    re.IGNORECASE,
)


class UploadRefused(Exception):
    """A file is not kept.

    :ivar str reason: ``empty``, ``too_large``, ``type``, ``broken``, ``encrypted``,
        ``active``, ``foreign``, ``pixels``, ``pages``
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Upload:
    """A file that may be kept.

    :ivar bytes content: for images encoded anew, without metadata
    :ivar mimetype: found by content
    :ivar str sha256: of the content, in hexadecimal
    """

    content: bytes
    mimetype: str

    @property
    def sha256(self):
        return hashlib.sha256(self.content).hexdigest()

    @property
    def extension(self):
        return EXTENSIONS[self.mimetype]


def check_upload(content, max_size):
    """Return an upload that may be kept.

    :param bytes content: as it came
    :param int max_size: bytes that one file may have, inclusive
    :return: an :class:`Upload`
    :raise UploadRefused: with the reason
    """
    if not content:
        raise UploadRefused("empty")
    if len(content) > max_size:
        raise UploadRefused("too_large")
    mimetype = _detect(content)
    if mimetype == "application/pdf":
        _check_pdf(content)
        return Upload(content, mimetype)
    return Upload(_encode_anew(content, mimetype), mimetype)


def _detect(content):
    for mimetype, signatures in SIGNATURES.items():
        if content.startswith(signatures):
            return mimetype
    raise UploadRefused("type")


# === Images === #


def _encode_anew(content, mimetype):
    kind = mimetype.partition("/")[2].upper()
    _check_image_end(content, kind)
    try:
        with Image.open(io.BytesIO(content), formats=[kind]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UploadRefused("pixels")
            image.load()
            plain = _plain(ImageOps.exif_transpose(image))
            # pixels only: a new image takes no metadata along
            bare = Image.new(plain.mode, plain.size)
            bare.paste(plain)
    except UploadRefused:
        raise
    except Image.DecompressionBombError as error:
        raise UploadRefused("pixels") from error
    except Exception as error:
        # whatever the decoder stumbles over, the file is not a picture
        raise UploadRefused("broken") from error
    target = io.BytesIO()
    if kind == "JPEG":
        bare.save(target, "JPEG", quality=90)
    else:
        bare.save(target, "PNG")
    return target.getvalue()


def _plain(image):
    """Return the picture in grey or colour, on white where it is transparent."""
    if image.mode.startswith("I"):
        # 16 bits of grey, as some scanners save
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image.convert("RGBA"))
        return paper.convert("RGB")
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _check_image_end(content, kind):
    """Refuse a picture with an archive or a page behind it.

    Cameras put things of their own there, which encoding anew leaves behind.
    """
    end = b"\xff\xd9" if kind == "JPEG" else b"IEND\xaeB`\x82"
    first = content.find(end)
    if first < 0:
        raise UploadRefused("broken")
    if b"%PDF-" in content or FOREIGN.search(content, content.rfind(end) + len(end)):
        raise UploadRefused("foreign")
    if kind == "PNG" and FOREIGN.search(content, first + len(end)):
        raise UploadRefused("foreign")


# === PDF === #


def _check_pdf(content):
    end = content.rfind(b"%%EOF")
    if end < 0:
        raise UploadRefused("broken")
    if content[end + 5 :].strip(b"\0\r\n\t "):
        raise UploadRefused("foreign")
    if re.search(rb"/Encrypt(?![A-Za-z0-9])", content):
        raise UploadRefused("encrypted")
    outside, streams = _split(content)
    if FOREIGN.search(outside, 5) or b"PK\x05\x06" in content[-65_600:]:
        raise UploadRefused("foreign")
    # names can be written with #xx
    plain = ESCAPED.sub(lambda match: bytes([int(match.group(1), 16)]), outside)
    if ACTIVE_NAMES.search(plain):
        raise UploadRefused("active")
    _check_unpacked_size(streams)
    _check_objects(content)


def _split(content):
    """Return what stands outside of a PDF's streams, and the streams.

    Goes through the file once, whatever is in it.
    """
    outside, streams, position = [], [], 0
    while len(streams) < MAX_PDF_PARTS:
        start = content.find(b"stream", position)
        stop = content.find(b"endstream", start + 6) if start >= 0 else -1
        if stop < 0:
            return b" ".join([*outside, content[position:]]), streams
        outside.append(content[position:start])
        streams.append(content[start + 6 : stop].lstrip(b"\r\n"))
        position = stop + 9
    raise UploadRefused("too_large")


def _check_unpacked_size(streams):
    """Refuse a PDF whose streams unpack to more than memory is there for."""
    left = MAX_UNPACKED
    for stream in streams:
        try:
            left -= len(zlib.decompressobj().decompress(stream, left))
        except zlib.error:
            # not packed this way: a picture, a font
            continue
        if left <= 0:
            raise UploadRefused("too_large")


def _check_objects(content):
    """Refuse a PDF that is broken, or any of whose objects is active.

    The reader finds the objects as any viewer does, packed ones too.
    """
    try:
        reader = PdfFileReader(io.BytesIO(content), strict=False)
        encrypted = reader.is_encrypted
        pages = 0 if encrypted else len(reader.pages)
        active = any(map(_is_active, _objects(reader)))
    except UploadRefused:
        raise
    except Exception as error:
        # whatever the reader stumbles over, nobody could read the document
        raise UploadRefused("broken") from error
    if encrypted:
        raise UploadRefused("encrypted")
    if active:
        raise UploadRefused("active")
    if not pages:
        raise UploadRefused("broken")
    if pages > MAX_PDF_PAGES:
        raise UploadRefused("pages")


def _objects(reader):
    """Yield every object that the file's tables name, and the trailer."""
    numbers = {
        (number, generation)
        for generation, offsets in reader.xref.items()
        for number in offsets
    } | {(number, 0) for number in reader.xref_objStm}
    if len(numbers) > MAX_PDF_PARTS:
        raise UploadRefused("too_large")
    yield reader.trailer
    for number, generation in sorted(numbers):
        yield reader.get_object(IndirectObject(number, generation, reader))


def _is_active(item, depth=0):
    """Tell whether an object, or what it holds directly, runs or carries something."""
    if depth > 50:
        raise UploadRefused("broken")
    if isinstance(item, DictionaryObject):
        return any(
            key in ACTIVE_KEYS
            or (key in ("/S", "/Subtype", "/Type") and value in ACTIVE_KINDS)
            or _is_active(value, depth + 1)
            for key, value in item.items()
        )
    if isinstance(item, ArrayObject):
        return any(_is_active(value, depth + 1) for value in list(item))
    return False
