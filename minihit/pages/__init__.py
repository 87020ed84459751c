"""The chapters as a site of plain files: prose beside code, what the code printed and drew, every name linked to the
line where the library defines it."""
