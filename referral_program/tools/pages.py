"""Numbers on the pages of a PDF, whatever has printed it."""

import io

from reportlab.pdfgen.canvas import Canvas

from odoo.tools.pdf import PdfFileReader, PdfFileWriter

#: Points from the page's right and lower edge, and the size of the letters.
MARGIN, FROM_BELOW, SIZE = 34, 22, 7
GREY = 0.45


def numbered(content, text):
    """Return a PDF with ``text   1 / 3`` at the foot of its pages.

    Not every build of wkhtmltopdf prints a footer, so it is written afterwards.

    :param bytes content: a PDF
    :param str text: plain letters and digits; also the document's title
    """
    printed = PdfFileReader(io.BytesIO(content), strict=False)
    count = printed.getNumPages()
    pages = [printed.getPage(index) for index in range(count)]
    feet = PdfFileReader(io.BytesIO(_feet(pages, text)), strict=False)
    target = PdfFileWriter()
    for index, page in enumerate(pages):
        # a copy in the writer, which some versions want, can be written upon
        target.addPage(page)
        target.getPage(index).mergePage(feet.getPage(index))
        _compress(target.getPage(index))
    target.addMetadata({"/Title": text})
    output = io.BytesIO()
    target.write(output)
    return output.getvalue()


def _compress(page):
    """Pack what merging has unpacked, if the library can."""
    compress = getattr(page, "compress_content_streams", None)
    if compress:
        compress()


def _feet(pages, text):
    output = io.BytesIO()
    canvas = Canvas(output)
    for number, page in enumerate(pages, 1):
        width = float(page.mediaBox.getWidth())
        canvas.setPageSize((width, float(page.mediaBox.getHeight())))
        canvas.setFont("Helvetica", SIZE)
        canvas.setFillGray(GREY)
        foot = f"{text}   {number} / {len(pages)}"
        canvas.drawRightString(width - MARGIN, FROM_BELOW, foot)
        canvas.showPage()
    canvas.save()
    return output.getvalue()
