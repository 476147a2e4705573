//! Declaring the attached XML in the file's metadata, as Factur-X asks for.
//!
//! krilla writes the metadata itself and has no way to add to it, so what Factur-X needs is put in
//! afterwards, and the offsets of what comes behind it are moved.

/// What the attached file has to be called.
pub(crate) const FILE_NAME: &str = "factur-x.xml";

/// Describes the properties below: PDF/A allows no property that isn't described in the file.
const SCHEMA: &str = r#"<rdf:li rdf:parseType="Resource">
<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>
<pdfaSchema:namespaceURI>urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#</pdfaSchema:namespaceURI>
<pdfaSchema:prefix>fx</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq>
<rdf:li rdf:parseType="Resource"><pdfaProperty:name>DocumentFileName</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>The name of the embedded XML document</pdfaProperty:description></rdf:li>
<rdf:li rdf:parseType="Resource"><pdfaProperty:name>DocumentType</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>The type of the hybrid document in capital letters</pdfaProperty:description></rdf:li>
<rdf:li rdf:parseType="Resource"><pdfaProperty:name>Version</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>The version of the standard of the embedded XML document</pdfaProperty:description></rdf:li>
<rdf:li rdf:parseType="Resource"><pdfaProperty:name>ConformanceLevel</pdfaProperty:name><pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category><pdfaProperty:description>The conformance level of the embedded XML document</pdfaProperty:description></rdf:li>
</rdf:Seq></pdfaSchema:property></rdf:li>"#;

/// Where krilla's own descriptions of properties start.
const SCHEMAS_START: &[u8] = b"<pdfaExtension:schemas><rdf:Bag>";
const DESCRIPTIONS_END: &[u8] = b"</rdf:RDF>";

/// The properties themselves. A credit note is of the type INVOICE, too.
fn properties() -> String {
    format!(
        "<rdf:Description rdf:about=\"\" \
         xmlns:fx=\"urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#\">\
         <fx:DocumentType>INVOICE</fx:DocumentType>\
         <fx:DocumentFileName>{FILE_NAME}</fx:DocumentFileName>\
         <fx:Version>1.0</fx:Version>\
         <fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>\
         </rdf:Description>"
    )
}

/// The file with the attachment declared. `None` if it isn't built as krilla builds it.
pub(crate) fn declare_attachment(pdf: &[u8]) -> Option<Vec<u8>> {
    let (table_at, entries) = table(pdf)?;
    let object = metadata_object(pdf, entries)?;
    let start = object + find(pdf.get(object..)?, b"stream\n")? + b"stream\n".len();
    let header = core::str::from_utf8(pdf.get(object..start)?).ok()?;
    let length = number_behind(header, "/Length ")?;
    let end = start + length;
    let new = spliced(pdf.get(start..end)?)?;
    let header =
        header.replacen(&format!("/Length {length}"), &format!("/Length {}", new.len()), 1);

    let mut file = Vec::with_capacity(pdf.len() + new.len());
    file.extend_from_slice(pdf.get(..object)?);
    file.extend_from_slice(header.as_bytes());
    file.extend_from_slice(&new);
    let new_end = file.len();
    let moved = |offset: usize| match offset.checked_sub(end) {
        Some(behind) => new_end + behind,
        None => offset,
    };
    file.extend_from_slice(pdf.get(end..entries)?);
    let rest = core::str::from_utf8(pdf.get(entries..)?).ok()?;
    for line in rest.split_inclusive('\n') {
        file.extend_from_slice(entry(line, table_at, moved).as_bytes());
    }
    Some(file)
}

/// Where the metadata's object starts: the catalog, which is the last object, has its number, the
/// table its place. Nothing that a person wrote is read on the way, so no name or note can lead it
/// astray.
fn metadata_object(pdf: &[u8], entries: usize) -> Option<usize> {
    let catalog_at = rfind(pdf.get(..entries)?, b"<</Type/Catalog")?;
    let catalog = core::str::from_utf8(pdf.get(catalog_at..entries)?).ok()?;
    let number = number_behind(catalog, "/Metadata ")?;
    let table = core::str::from_utf8(pdf.get(entries..)?).ok()?;
    // One line says how many entries there are, then they follow, from number 0.
    let line = table.lines().nth(number + 1)?;
    line.split(' ').next()?.parse().ok()
}

/// The number that follows the first `key`.
fn number_behind(text: &str, key: &str) -> Option<usize> {
    let (_, rest) = text.split_once(key)?;
    let digits = rest.find(|character: char| !character.is_ascii_digit())?;
    rest.get(..digits)?.parse().ok()
}

/// The metadata with the description and the properties in their places.
fn spliced(metadata: &[u8]) -> Option<Vec<u8>> {
    let schemas = find(metadata, SCHEMAS_START)? + SCHEMAS_START.len();
    let properties_at = find(metadata, DESCRIPTIONS_END)?;
    let mut new = metadata.get(..schemas)?.to_vec();
    new.extend_from_slice(SCHEMA.as_bytes());
    new.extend_from_slice(metadata.get(schemas..properties_at)?);
    new.extend_from_slice(properties().as_bytes());
    new.extend_from_slice(metadata.get(properties_at..)?);
    Some(new)
}

/// Where the cross-reference table starts, and where the first line behind its keyword does.
fn table(pdf: &[u8]) -> Option<(usize, usize)> {
    let keyword = b"\nxref\n";
    let at = rfind(pdf, keyword)?;
    Some((at + 1, at + keyword.len()))
}

/// A line of the table or the trailer, with the offset in it moved: `0000012345 00000 n`, or the
/// line behind `startxref`, which says where the table is.
fn entry(line: &str, table_at: usize, moved: impl Fn(usize) -> usize) -> String {
    let in_use = line.trim_end().strip_suffix(" 00000 n");
    if let Some(offset) = in_use.and_then(|offset| offset.parse().ok()) {
        let (_, rest) = line.split_at_checked(10).unwrap_or(("", line));
        return format!("{:010}{rest}", moved(offset));
    }
    if line.trim_end() == table_at.to_string() {
        return line.replacen(&table_at.to_string(), &moved(table_at).to_string(), 1);
    }
    line.to_owned()
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn rfind(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).rposition(|window| window == what)
}
