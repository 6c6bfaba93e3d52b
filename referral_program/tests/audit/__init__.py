from . import (
    test_audit_file,
    test_auditor,
    test_hash_chain,
    test_history,
    test_integrity,
    test_integrity_reasons,
    test_integrity_rights,
    test_participant_move,
    test_report_doors,
    test_workbook_numbers,
)
