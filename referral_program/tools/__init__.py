from . import earned, integrity
