"""Text to tokens and back: tokenizer, chat templates, streaming decoder, filters."""
