"""The types of the files that the program makes."""

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#: By the endings of their names.
MIMETYPES = {"pdf": "application/pdf", "xlsx": XLSX, "zip": "application/zip"}
