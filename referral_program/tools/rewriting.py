"""Files of strangers, made anew: run in a process of its own, within limits.

``python rewriting.py TYPE MAX_SIZE [MAX_SIDE]`` reads a file from the standard input
and writes another one that shows the same. It ends with 0, or with ``REFUSED`` and
the reason instead of the file. It knows nothing of Odoo: see ``uploads.py``.

Pictures are decoded and encoded anew: nothing but their pixels is left. Of PDFs a new
one gets the pages with what they need to be shown, by ``KEYS``: whatever runs, sends,
leads on or carries something is not among it. Filled-in forms become part of the page.
"""

import io
import resource
import sys
import zlib

#: How the process ends that gives a reason instead of a file.
REFUSED = 3
#: Bytes of memory that the process may take, and seconds of the processor.
MAX_MEMORY = 768 * 1024 * 1024
MAX_SECONDS = 5
#: A4 at 400 dpi has 15 million pixels, a phone's picture 12 or, of each four put
#: together, 48: JPEG decoders give a half, a quarter or an eighth of it for less.
MAX_PIXELS = 25_000_000
SCALES = (1, 2, 4, 8)
#: How hard PNGs are packed: a little larger than usual, for half of the time.
PNG_LEVEL = 4
#: Colours that a picture with a palette may have.
PALETTE = 256
MAX_PDF_PAGES = 100
#: Bytes that a PDF's streams may unpack to, and objects it may have, all together.
MAX_UNPACKED = 200 * 1024 * 1024
MAX_PDF_PARTS = 100_000
#: Fields and notes on all pages: each makes the others take longer.
MAX_PDF_NOTES = 2_000
#: Filters of streams: those that are unpacked here, and those of pictures.
PACKED = frozenset(
    {"/ASCII85Decode", "/ASCIIHexDecode", "/LZWDecode", "/RunLengthDecode"}
)
PICTURES = frozenset(
    {"/CCITTFaxDecode", "/DCTDecode", "/JBIG2Decode", "/JPXDecode"}
)  # fmt: skip
#: Resources of a page, whose keys are names that the page gives them.
RESOURCES = frozenset(
    {"/ColorSpace", "/ExtGState", "/Font", "/Pattern", "/Shading", "/XObject"}
)
#: Other dictionaries whose keys are names.
NAMED = frozenset({"/CharProcs", "/Colorants"})
#: What is kept of any other dictionary: what draws, and no more.
KEYS = (
    # pages and resources
    "/Type /Subtype /MediaBox /CropBox /Rotate /UserUnit /Contents /Resources /Group "
    # forms, groups and pictures
    "/FormType /BBox /Matrix /S /CS /I /K /Width /Height /ColorSpace "
    "/BitsPerComponent /Intent /ImageMask /Mask /SMask /SMaskInData /Matte /Decode "
    "/Interpolate "
    # how pictures are packed
    "/Predictor /Colors /Columns /EarlyChange /EndOfLine /EncodedByteAlign /Rows "
    "/EndOfBlock /BlackIs1 /DamagedRowsBeforeError /JBIG2Globals /ColorTransform "
    # states of graphics
    "/LW /LC /LJ /ML /D /RI /OP /op /OPM /Font /FL /SM /SA /BM /CA /ca /AIS /TK /G "
    "/BC /TR "
    # patterns, shadings and functions
    "/PatternType /PaintType /TilingType /XStep /YStep /Shading /ExtGState "
    "/ShadingType /Background /AntiAlias /Function /Domain /Coords /Extend "
    "/BitsPerCoordinate /BitsPerFlag /VerticesPerRow /FunctionType /Range /Size "
    "/BitsPerSample /Order /Encode /C0 /C1 /N /Functions /Bounds "
    # colours
    "/WhitePoint /BlackPoint /Gamma /Alternate /Colorants /Process /Components "
    # fonts
    "/BaseFont /FirstChar /LastChar /Widths /FontDescriptor /Encoding /ToUnicode "
    "/FontBBox /FontMatrix /CharProcs /DescendantFonts /CIDSystemInfo /DW /W /DW2 /W2 "
    "/CIDToGIDMap /Registry /Ordering /Supplement /BaseEncoding /Differences "
    "/FontName /FontStretch /FontWeight /Flags /ItalicAngle /Ascent /Descent "
    "/Leading /CapHeight /XHeight /StemV /StemH /AvgWidth /MaxWidth /MissingWidth "
    "/FontFile /FontFile2 /FontFile3 /CharSet /CIDSet /Length1 /Length2 /Length3 "
    "/CMapName /WMode /UseCMap"
)
KEPT = frozenset(KEYS.split())


class UploadRefused(Exception):
    """A file is not kept.

    :ivar str reason: ``empty``, ``too_large``, ``type``, ``broken``, ``encrypted``,
        ``active``, ``packed``, ``pixels``, ``pages``, ``costly``, ``busy``
    """

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


def rewrite(content, mimetype, max_side=None):
    """Return a file that shows the same, and has nothing else in it.

    :param bytes content: as it came
    :param str mimetype: as its first bytes say
    :param int max_side: pixels that a picture for everybody may have on each side: it
        is made as small as it gets
    :raise UploadRefused: with the reason
    """
    try:
        if mimetype == "application/pdf":
            return _PdfCopy(content).finish()
        return _encode_anew(content, mimetype.partition("/")[2].upper(), max_side)
    except UploadRefused:
        raise
    except MemoryError as error:
        raise UploadRefused("costly") from error
    except Exception as error:
        # whatever the reader stumbles over, nobody could read the document
        raise UploadRefused("broken") from error


# === Images === #


def _encode_anew(content, kind, max_side):
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(content), formats=[kind]) as image:
        if kind == "JPEG":
            _scale_down(image)
        if image.width * image.height > MAX_PIXELS:
            raise UploadRefused("pixels")
        if max_side and max(image.size) > max_side:
            raise UploadRefused("pixels")
        ImageOps.exif_transpose(image, in_place=True)
        plain = _plain(image)
    # pixels only: a new image takes no metadata along
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    target = io.BytesIO()
    if kind == "JPEG":
        bare.save(target, "JPEG", quality=90)
        if target.tell() > len(content):
            # it was saved with a lower one
            target = io.BytesIO()
            bare.save(target, "JPEG", quality=80)
    elif max_side:
        _with_few_colours(bare).save(target, "PNG", optimize=True)
    else:
        bare.save(target, "PNG", compress_level=PNG_LEVEL)
    return target.getvalue()


def _scale_down(image):
    """Have a large JPEG decoded to the largest part of its pixels that is accepted."""
    width, height = image.size
    for scale in SCALES:
        if width * height <= MAX_PIXELS * scale**2:
            image.draft(None, (width // scale, height // scale))
            break


def _plain(image):
    """Return the picture in grey or colour, on white where it is transparent."""
    from PIL import Image

    if image.mode.startswith("I"):
        # 16 bits of grey, as some scanners save
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        paper = Image.new("RGB", image.size, "white")
        clear = image.convert("RGBA")
        paper.paste(clear, mask=clear)
        return paper
    return image.convert("L" if image.mode in ("1", "L") else "RGB")


def _with_few_colours(image):
    """Return the picture with a palette, if that loses nothing."""
    from PIL import Image

    plain = image.convert("RGB")
    if plain.getcolors(PALETTE):
        few = plain.quantize(PALETTE, dither=Image.Dither.NONE)
        if few.convert("RGB").tobytes() == plain.tobytes():
            return few
    return image


# === PDF === #


class _PdfCopy:
    """A new PDF with the pages of another one."""

    def __init__(self, content):
        import pikepdf

        self.pdf = pikepdf
        if b"%%EOF" not in content:
            # the rest did not come
            raise UploadRefused("broken")
        try:
            self.source = pikepdf.open(io.BytesIO(content))
        except pikepdf.PasswordError as error:
            raise UploadRefused("encrypted") from error
        self.target = pikepdf.new()
        #: what is copied already, by its number in the source
        self.copied = {}
        self.parts_left = MAX_PDF_PARTS
        self.unpacked_left = MAX_UNPACKED

    def finish(self):
        """Return the new PDF's bytes."""
        if self.source.is_encrypted:
            raise UploadRefused("encrypted")
        # pages that are made by a script, or are attachments
        if {"/NeedsRendering", "/Collection"} & set(self.source.Root.keys()):
            raise UploadRefused("active")
        pages = len(self.source.pages)
        if not pages:
            raise UploadRefused("broken")
        if pages > MAX_PDF_PAGES:
            raise UploadRefused("pages")
        if sum(len(page.get("/Annots", ())) for page in self.source.pages) > (
            MAX_PDF_NOTES
        ):
            raise UploadRefused("costly")
        # what is filled in stands in fields: it becomes part of the page
        self.source.generate_appearance_streams()
        self.source.flatten_annotations("screen")
        for page in self.source.pages:
            self.target.pages.append(self.pdf.Page(self._page(page.obj)))
        target = io.BytesIO()
        self.target.save(
            target,
            # the same file gives the same hash
            deterministic_id=True,
            object_stream_mode=self.pdf.ObjectStreamMode.generate,
        )
        return target.getvalue()

    def _page(self, page):
        copy = self.pdf.Dictionary(Type=self.pdf.Name.Page)
        for key in ("/MediaBox", "/CropBox", "/Rotate", "/Resources"):
            value = _inherited(page, key)
            if value is not None:
                copy[key] = self._copy(value, key)
        for key in ("/UserUnit", "/Contents", "/Group"):
            if key in page:
                copy[key] = self._copy(page[key], key)
        return self.target.make_indirect(copy)

    def _copy(self, item, key=None):
        """Return what is kept of an object.

        :param str key: what the object is to the one that has it
        """
        pdf = self.pdf
        if not isinstance(item, pdf.Object):
            return item
        # dictionaries of names are others than those that are found by their keys
        known = (item.objgen, key in NAMED, key == "/Resources")
        if item.is_indirect and known in self.copied:
            return self.copied[known]
        if isinstance(item, pdf.Stream):
            copy = pdf.Stream(self.target, b"")
        elif isinstance(item, pdf.Dictionary):
            copy = self._started(item, pdf.Dictionary())
        elif isinstance(item, pdf.Array):
            copy = self._started(item, pdf.Array())
        else:
            return pdf.Object.parse(item.unparse(resolved=True))
        self.parts_left -= 1
        if self.parts_left < 0:
            raise UploadRefused("costly")
        if item.is_indirect:
            # before what it has, which may have it in turn
            self.copied[known] = copy
        if isinstance(item, pdf.Array):
            for value in item:
                copy.append(self._copy(value))
            return copy
        if isinstance(item, pdf.Stream):
            self._copy_content(item, copy)
        self._copy_items(item, copy, key)
        return copy

    def _started(self, item, copy):
        return self.target.make_indirect(copy) if item.is_indirect else copy

    def _copy_items(self, item, copy, key):
        for name, value in item.items():
            if key in NAMED:
                copy[name] = self._copy(value)
            elif key == "/Resources":
                if name in RESOURCES:
                    copy[name] = self._named(value, name)
            elif name in KEPT:
                copy[name] = self._copy(value, name)

    def _named(self, resources, key):
        """Return a page's resources of one kind, by their names."""
        return self.pdf.Dictionary(
            {
                name: self._copy(value)
                for name, value in resources.items()
                # of the others, those in PostScript are programs
                if key != "/XObject" or value.get("/Subtype") in ("/Form", "/Image")
            }
        )

    def _copy_content(self, stream, copy):
        """Pack a stream's content anew, unless it is a picture's."""
        packing = self._single(stream.get("/Filter"))
        how = self._single(stream.get("/DecodeParms"))
        if packing in PICTURES:
            copy.write(
                stream.read_raw_bytes(),
                filter=self.pdf.Name(str(packing)),
                decode_parms=self._copy(how),
            )
            return
        if packing == "/FlateDecode":
            content = self._unpack(stream.read_raw_bytes())
        elif packing in PACKED:
            level = self.pdf.StreamDecodeLevel.specialized
            content, how = stream.read_bytes(level), None
        elif packing is None:
            content = stream.read_raw_bytes()
        else:
            raise UploadRefused("packed")
        self.unpacked_left -= len(content)
        if self.unpacked_left < 0:
            raise UploadRefused("costly")
        copy.write(
            zlib.compress(content),
            filter=self.pdf.Name.FlateDecode,
            decode_parms=self._copy(how),
        )

    def _single(self, value):
        """Return the only filter of a stream, or what goes with it.

        :raise UploadRefused: if there are several: they unpack to any size
        """
        if not isinstance(value, self.pdf.Array):
            return value
        if len(value) > 1:
            raise UploadRefused("packed")
        return value[0] if len(value) else None

    def _unpack(self, content):
        unpacking = zlib.decompressobj()
        return unpacking.decompress(content, self.unpacked_left + 1)


def _inherited(page, key):
    """Return what a page has, or those that it stands below."""
    for _level in range(50):
        if key in page:
            return page[key]
        page = page.get("/Parent")
        if page is None:
            break
    return None


# === The process === #


def main(mimetype, max_size, max_side=None):
    """Rewrite the file that comes from the standard input."""
    for kind, limit in (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_AS, MAX_MEMORY),
        (resource.RLIMIT_CPU, MAX_SECONDS),
        (resource.RLIMIT_FSIZE, int(max_size)),
    ):
        resource.setrlimit(kind, (limit, limit))
    if mimetype != "application/pdf":
        from PIL import Image

        # the limit here counts what a decoder gives
        Image.MAX_IMAGE_PIXELS = None
    try:
        content = rewrite(sys.stdin.buffer.read(), mimetype, max_side and int(max_side))
        if len(content) > int(max_size):
            raise UploadRefused("too_large")
    except UploadRefused as refusal:
        sys.stdout.write(refusal.reason)
        return REFUSED
    sys.stdout.buffer.write(content)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
