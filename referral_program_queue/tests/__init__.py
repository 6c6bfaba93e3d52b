from . import test_jobs, test_queue_translation
