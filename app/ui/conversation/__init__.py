"""One conversation: questions, replies, what is waited for, and where one writes."""
