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

from odoo.tools.pdf import PdfFileReader

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
#: Names in a PDF's objects that run, send or carry something.
ACTIVE_NAMES = re.compile(
    rb"/(?:JS|JavaScript|Launch|EmbeddedFiles?|Filespec|RichMedia|XFA|SubmitForm"
    rb"|ImportData|GoToE|GoToR|Movie|Sound|Rendition|ResetForm|AA)"
    rb"(?![A-Za-z0-9])"
)
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
#: Signs of an archive, a program or a page inside a file that claims to be a PDF.
FOREIGN = re.compile(
    rb"PK\x03\x04|PK\x05\x06|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|<script|<\?php|<html"
    rb"|<svg|\x7fELF|<!doctype",
    re.IGNORECASE,
)
STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)


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
            plain = ImageOps.exif_transpose(image)
            plain = plain.convert("L" if plain.mode in ("1", "L", "LA") else "RGB")
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


def _check_image_end(content, kind):
    """Refuse a picture with something behind or inside it."""
    end = b"\xff\xd9" if kind == "JPEG" else b"IEND\xaeB`\x82"
    last = content.rfind(end)
    if last < 0:
        raise UploadRefused("broken")
    if content[last + len(end) :].strip(b"\0\r\n\t "):
        raise UploadRefused("foreign")
    if re.search(rb"PK\x05\x06|<script|<\?php|<html|<svg", content, re.IGNORECASE):
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
    outside = STREAM.sub(b" ", content)
    if FOREIGN.search(outside) or b"PK\x05\x06" in content[-65_600:]:
        raise UploadRefused("foreign")
    # names can be written with #xx, and hide in packed object streams
    for text in (outside, *_unpacked(content)):
        if ACTIVE_NAMES.search(
            ESCAPED.sub(lambda m: bytes([int(m.group(1), 16)]), text)
        ):
            raise UploadRefused("active")
    _check_pages(content)


def _unpacked(content):
    """Yield what the packed streams of objects contain.

    :raise UploadRefused: if all streams together unpack to too much
    """
    left = MAX_UNPACKED
    for match in STREAM.finditer(content):
        unpacker = zlib.decompressobj()
        try:
            text = unpacker.decompress(match.group(1), left)
        except zlib.error:
            # not packed this way: a picture, a font
            continue
        left -= len(text)
        if left <= 0:
            raise UploadRefused("too_large")
        start = content.rfind(b"obj", 0, match.start())
        if b"ObjStm" in content[start : match.start()]:
            yield text


def _check_pages(content):
    try:
        reader = PdfFileReader(io.BytesIO(content), strict=False)
        encrypted = reader.is_encrypted
        pages = 0 if encrypted else len(reader.pages)
    except Exception as error:
        # whatever the reader stumbles over, nobody could read the document
        raise UploadRefused("broken") from error
    if encrypted:
        raise UploadRefused("encrypted")
    if not pages:
        raise UploadRefused("broken")
    if pages > MAX_PDF_PAGES:
        raise UploadRefused("pages")
