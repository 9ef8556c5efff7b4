"""root -> FileRecord: walk a tree and keep the files that are worth indexing."""
