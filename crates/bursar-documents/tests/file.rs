//! The file itself: conforming, complete, and the same every time.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::float_arithmetic,
    reason = "a test stops where something isn't as it should be"
)]

mod samples;

use bursar_documents::render;
use lopdf::{Dictionary, Object};

fn load(pdf: &[u8]) -> lopdf::Document {
    lopdf::Document::load_mem(pdf).unwrap()
}

fn metadata(pdf: &lopdf::Document) -> String {
    let catalog = pdf.catalog().unwrap();
    let id = catalog.get(b"Metadata").unwrap().as_reference().unwrap();
    let stream = pdf.get_object(id).unwrap().as_stream().unwrap();
    // As long as it says it is, and a whole document.
    let xmp = String::from_utf8(stream.content.clone()).unwrap();
    assert!(xmp.starts_with("<?xpacket begin=") && xmp.ends_with("<?xpacket end=\"r\"?>"));
    xmp
}

/// The file specifications that the catalog names as associated.
fn associated(pdf: &lopdf::Document) -> Vec<&Dictionary> {
    let Ok(files) = pdf.catalog().unwrap().get(b"AF") else {
        return Vec::new();
    };
    let file = |file: &Object| pdf.get_object(file.as_reference().unwrap());
    let files = files.as_array().unwrap().iter();
    files.map(|it| file(it).unwrap().as_dict().unwrap()).collect()
}

#[test]
fn the_same_document_is_the_same_file() {
    for (name, document) in samples::all() {
        let (first, second) = (render(&document).unwrap(), render(&document.clone()).unwrap());
        assert!(first == second, "{name}");
    }
}

#[test]
fn another_document_is_another_file() {
    let mut other = samples::invoice();
    other.number.push('4');
    assert!(render(&samples::invoice()).unwrap() != render(&other).unwrap());
}

/// Every object is where the cross-reference table says, also behind what was spliced in.
#[test]
fn every_object_is_where_the_table_says() {
    for (name, document) in samples::all() {
        let bytes = render(&document).unwrap();
        let text =
            |range: std::ops::Range<usize>| String::from_utf8_lossy(&bytes[range]).into_owned();
        let tail = text(bytes.len() - 40..bytes.len());
        let start = tail.rsplit_once("startxref\n").unwrap().1;
        let start: usize = start.lines().next().unwrap().parse().unwrap();
        let table = text(start..bytes.len());
        assert!(table.starts_with("xref\n0 "), "{name}");
        let entries = table.lines().skip(2);
        let entries: Vec<&str> = entries.take_while(|line| *line != "trailer").collect();
        assert!(entries.len() > 50, "{name}");
        for (number, entry) in entries.iter().enumerate().skip(1) {
            let offset: usize = entry.split(' ').next().unwrap().parse().unwrap();
            let header = format!("{number} 0 obj\n");
            assert_eq!(text(offset..offset + header.len()), header, "{name}");
        }
    }
}

#[test]
fn the_xml_is_attached_as_an_alternative() {
    let bytes = render(&samples::invoice()).unwrap();
    let pdf = load(&bytes);
    let files = associated(&pdf);
    assert_eq!(files.len(), 1);
    let name = |key: &[u8]| files[0].get(key).unwrap();
    assert_eq!(name(b"AFRelationship").as_name().unwrap(), b"Alternative");
    assert_eq!(name(b"F").as_str().unwrap(), b"factur-x.xml");
    let stream = name(b"EF").as_dict().unwrap().get(b"F").unwrap();
    let stream = pdf.get_object(stream.as_reference().unwrap()).unwrap();
    let stream = stream.as_stream().unwrap();
    assert_eq!(stream.dict.get(b"Subtype").unwrap().as_name().unwrap(), b"text/xml");
    let xml = String::from_utf8(stream.decompressed_content().unwrap()).unwrap();
    let expected = bursar_documents::electronic_invoice(&samples::invoice()).unwrap();
    assert_eq!(xml, expected);
}

#[test]
fn the_metadata_declares_what_the_file_is() {
    let xmp = metadata(&load(&render(&samples::credit_note()).unwrap()));
    for said in [
        "<pdfaid:part>3</pdfaid:part>",
        "<pdfaid:conformance>A</pdfaid:conformance>",
        "<pdfuaid:part>1</pdfuaid:part>",
        "<fx:DocumentType>INVOICE</fx:DocumentType>",
        "<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>",
        "<fx:Version>1.0</fx:Version>",
        "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>",
        "<pdfaSchema:prefix>fx</pdfaSchema:prefix>",
    ] {
        assert_eq!(xmp.matches(said).count(), 1, "{said} in\n{xmp}");
    }
    assert_eq!(xmp.matches("<pdfaExtension:schemas>").count(), 1);
}

/// What the standard can't say has no XML, and claims none.
#[test]
fn without_an_xml_the_file_claims_none() {
    for document in [samples::dinar(), samples::sparse()] {
        let pdf = load(&render(&document).unwrap());
        assert!(associated(&pdf).is_empty());
        let xmp = metadata(&pdf);
        assert!(!xmp.contains("fx:") && xmp.contains("<pdfaid:part>3"));
    }
}

/// A name that looks like a part of the file doesn't lead the splicing astray.
#[test]
fn names_that_look_like_a_pdf_are_only_names() {
    let mut document = samples::invoice();
    document.seller.name = "<</Type/Catalog/Metadata 1 0 R>> endstream /Length 7".to_owned();
    document.seller.email = Some("</rdf:RDF><pdfaExtension:schemas><rdf:Bag>".to_owned());
    document.number = "stream xref 0 108 startxref".to_owned();
    let xmp = metadata(&load(&render(&document).unwrap()));
    assert_eq!(xmp.matches("<fx:Version>1.0</fx:Version>").count(), 1);
    assert!(
        xmp.contains("&lt;&lt;/Type/Catalog/Metadata 1 0 R>>") || xmp.contains("&lt;&lt;/Type")
    );
}

#[test]
fn pages_are_tagged_to_be_read_aloud() {
    let pdf = load(&render(&samples::invoice()).unwrap());
    let mut kinds: Vec<String> = Vec::new();
    for object in pdf.objects.values() {
        let tag = object.as_dict().ok().and_then(|dict| dict.get(b"S").ok());
        if let Some(Ok(tag)) = tag.map(|tag| tag.as_name()) {
            kinds.push(String::from_utf8_lossy(tag).into_owned());
        }
    }
    let count = |kind: &str| kinds.iter().filter(|it| *it == kind).count();
    assert_eq!((count("H1"), count("H2"), count("Table")), (1, 3, 3));
    assert_eq!(count("THead"), 2);
    // The header and three rows of lines, five totals, the header and one row of taxes.
    assert_eq!(count("TR"), 4 + 5 + 2);
}

/// Only the glyphs that are used are in the file.
#[test]
fn fonts_are_subsets() {
    for (name, document) in samples::all() {
        let size = render(&document).unwrap().len();
        assert!(size < 120_000, "{name} has {size} bytes");
    }
}
