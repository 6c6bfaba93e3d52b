from . import referral_job_mixin
from . import referral_jobs
from . import referral_program
