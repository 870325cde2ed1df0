"""An exported ONNX bundle at work: session, tokenizer, predictions."""
