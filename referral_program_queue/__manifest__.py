{
    "name": "Referral Program: Job Queue",
    "summary": "What the scheduled actions do becomes jobs, done on several machines",
    "version": "19.0.1.0.0",
    "category": "Sales/Referral",
    "author": "Referral Program developers",
    "license": "LGPL-3",
    "depends": ["referral_program", "queue_job"],
    "auto_install": True,
    "data": ["data/queue_job_channel_data.xml", "data/queue_job_function_data.xml"],
}
