"""What several verbs share: targets, the lab's folder, output and progress."""
