//! What the parts of a page are, for those who don't see it: headings, paragraphs, tables.

/// A part of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The title.
    Title(String),
    /// A heading of a section.
    Heading(String),
    Paragraph,
    Table,
    TableHead,
    TableBody,
    Row,
    /// The header of a column.
    ColumnHeader,
    /// The header of a row.
    RowHeader,
    Cell,
}

/// A part, by its place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId(usize);

struct Node {
    part: Part,
    children: Vec<NodeId>,
}

/// The parts in reading order, each below its parent.
#[derive(Default)]
pub(crate) struct Tree {
    nodes: Vec<Node>,
    top: Vec<NodeId>,
}

impl Tree {
    /// Adds a part at the end of its parent, or at the top.
    pub(crate) fn add(&mut self, part: Part, parent: Option<NodeId>) -> NodeId {
        let id = NodeId(self.nodes.len());
        let children = Vec::new();
        self.nodes.push(Node { part, children });
        match parent.and_then(|parent| self.nodes.get_mut(parent.0)) {
            Some(parent) => parent.children.push(id),
            None => self.top.push(id),
        }
        id
    }

    /// The parts directly below `parent`, in reading order; `None` is the top.
    pub(crate) fn below(&self, parent: Option<NodeId>) -> &[NodeId] {
        match parent {
            None => &self.top,
            Some(parent) => (self.nodes.get(parent.0)).map_or(&[], |node| &node.children),
        }
    }

    /// What a part is.
    pub(crate) fn part(&self, id: NodeId) -> Option<&Part> {
        self.nodes.get(id.0).map(|node| &node.part)
    }
}
