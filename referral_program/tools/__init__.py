from . import earned
