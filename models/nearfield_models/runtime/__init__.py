"""What runs a model file: ONNX Runtime, OpenVINO or LiteRT behind one small seam.

``session`` holds the seam and its options, one file each holds a runtime. Nothing else imports a runtime:
the first two ship code that reports usage over the network, and it is switched off where they are imported.
"""
