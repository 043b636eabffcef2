import json
import numpy as np
from safetensors.numpy import save_file

def text(values):
    return np.frombuffer(json.dumps(values).encode(), np.uint8)

names = ["cat 1.jpg", "cat 2.jpg", "dog 1.jpg", "dog 2.jpg"]
labels = ["cat", "cat", "dog", "dog"]  # None where a label is not known
features = np.eye(4, 8, dtype=np.float32) + np.float32([[1, 0] * 4] * 2 + [[0, 1] * 4] * 2)
save_file({"features": features, "names": text(names), "labels": text(labels)}, "features.safetensors")
