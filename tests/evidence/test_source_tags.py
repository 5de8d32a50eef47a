"""Where values come from: tags, splits and limits, set where they originate."""

import pytest

from grader.model import Tag
from tests.evidence.source_cases import (
    argument,
    graph_of,
    limits,
    slice_of,
    splits,
    tags_of,
    value_of,
)

IMPORTS = """
import csv, random, torch, evaluate, torchvision, torchmetrics, keras, pickle, json
import numpy as np, pandas as pd, sklearn.datasets
from PIL import Image
from datasets import load_dataset, load_from_disk
from transformers import (AutoModel, CLIPModel, CLIPProcessor, ViTForImageClassification,
                          ViTImageProcessor, Trainer, pipeline)
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, classification_report
from sklearn.model_selection import train_test_split
from torch.utils.data import DataLoader, Subset, random_split
from itertools import islice
from tqdm.auto import tqdm
"""
DATA = (
    IMPORTS
    + """
ds = load_dataset("uoft-cs/cifar10")
test = ds["test"]
model = ViTForImageClassification.from_pretrained("google/vit-base-patch16-224-in21k")
"""
)


def originates(code: str) -> frozenset[Tag]:
    """Tags on the nodes of the last line alone."""
    graph = graph_of(DATA, code)
    last = code.rstrip().count("\n") + 1
    nodes = [node for node in graph.nodes if node.cell == 1 and node.line == last]
    return frozenset(tag for node in nodes for tag in node.tags)


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("random.randint(0, 9)", Tag.RANDOM),
        ("random.sample(range(9), 2)", Tag.RANDOM),
        ("np.random.rand(3)", Tag.RANDOM),
        ("np.random.choice(5)", Tag.RANDOM),
        ("torch.randint(0, 9, (3,))", Tag.RANDOM),
        ("torch.randperm(9)", Tag.RANDOM),
        ("np.random.default_rng(0).integers(9)", Tag.RANDOM),
        ("rng = np.random.default_rng(0)\nrng.choice(9)", Tag.RANDOM),
        ("rng = random.Random(0)\nrng.random()", Tag.RANDOM),
        ("rng = np.random.RandomState(0)\nrng.permutation(9)", Tag.RANDOM),
        ("test['label']", Tag.LABELS),
        ("test['fine_label']", Tag.LABELS),
        ("[row['label'] for row in test]", Tag.LABELS),
        ("[label for image, label in test]", Tag.LABELS),
        ("for images, labels in DataLoader(test): pass", Tag.LABELS),
        ("for i, (images, y) in enumerate(tqdm(DataLoader(test))): pass", Tag.LABELS),
        ("images, labels = next(iter(DataLoader(test)))", Tag.LABELS),
        ("for batch in DataLoader(test): batch['labels'].to('cpu')", Tag.LABELS),
        ("for batch in DataLoader(test): batch.pop('labels')", Tag.LABELS),
        ("for b in DataLoader(test): {k: v.to(0) for k, v in b.items()}['labels']", Tag.LABELS),
        ("sklearn.datasets.load_digits().target", Tag.LABELS),
        ("X, y = sklearn.datasets.load_digits(return_X_y=True)", Tag.LABELS),
        ("pd.read_csv('a.csv')['label']", Tag.LABELS),
        ("pd.read_csv('a.csv').label", Tag.LABELS),
        ("torchvision.datasets.CIFAR10('data', train=False).targets", Tag.LABELS),
        ("torchvision.datasets.CIFAR10('data', train=False)[0][1]", Tag.LABELS),
        ("(a, b), (c, d) = keras.datasets.mnist.load_data()", Tag.LABELS),
        ("keras.ImageDataGenerator().flow_from_directory('test').classes", Tag.LABELS),
        ("Trainer(model).predict(test).label_ids", Tag.LABELS),
        ("load_dataset('beans')", Tag.DATASET),
        ("load_from_disk('beans')", Tag.DATASET),
        ("torchvision.datasets.ImageFolder('data')", Tag.DATASET),
        ("keras.datasets.mnist.load_data()", Tag.DATASET),
        ("sklearn.datasets.load_iris()", Tag.DATASET),
        ("AutoModel.from_pretrained('a')", Tag.MODEL),
        ("CLIPModel.from_pretrained('a')", Tag.MODEL),
        ("pipeline('image-classification')", Tag.MODEL),
        ("Trainer(model=model)", Tag.MODEL),
        ("LogisticRegression()", Tag.MODEL),
        ("keras.Sequential([])", Tag.MODEL),
        ("torchvision.models.resnet18()", Tag.MODEL),
        ("class Net(torch.nn.Module): pass\nNet()", Tag.MODEL),
        ("model(test)", Tag.MODEL_OUTPUT),
        ("m = model.to('cpu').eval()\nm(test)", Tag.MODEL_OUTPUT),
        ("class Net(torch.nn.Module): pass\nnet = Net()\nnet(test)", Tag.MODEL_OUTPUT),
        ("class A:\n  def __init__(s): s.m = model\nA().m(test)", Tag.MODEL_OUTPUT),
        ("pipeline('image-classification')(test)", Tag.MODEL_OUTPUT),
        ("model.generate(test)", Tag.MODEL_OUTPUT),
        ("LogisticRegression().predict(test)", Tag.MODEL_OUTPUT),
        ("somebody.predict(test)", Tag.MODEL_OUTPUT),
        ("model.get_image_features(test)", Tag.MODEL_OUTPUT),
        ("somebody(test).logits_per_image", Tag.MODEL_OUTPUT),
        ("Trainer(model).predict(test).predictions", Tag.MODEL_OUTPUT),
        ("a, b, c = Trainer(model).predict(test)", Tag.MODEL_OUTPUT),
        ("for m in [model]: m(test)", Tag.MODEL_OUTPUT),
        ("for name, m in {'a': model}.items(): m(test)", Tag.MODEL_OUTPUT),
        ("import clip\nm, prepare = clip.load('ViT-B/32')\nm(test)", Tag.MODEL_OUTPUT),
        ("open('a.txt')", Tag.FILE),
        ("path.read_text()", Tag.FILE),
        ("pd.read_csv('a.csv')", Tag.FILE),
        ("np.load('a.npy')", Tag.FILE),
        ("pickle.load(f)", Tag.FILE),
        ("Image.open('a.png')", Tag.FILE),
        ("accuracy_score(a, b)", Tag.METRIC),
        ("classification_report(a, b)", Tag.METRIC),
        ("evaluate.load('accuracy').compute(predictions=a, references=b)", Tag.METRIC),
        ("ms = {n: evaluate.load(n) for n in names}\nms['f1'].compute()", Tag.METRIC),
        ("torchmetrics.Accuracy(task='multiclass')(a, b)", Tag.METRIC),
        ("m = torchmetrics.Accuracy()\nm.update(a, b)\nm.compute()", Tag.METRIC),
        ("Trainer(model).evaluate()", Tag.METRIC),
        ("somebody.evaluate(test)", Tag.METRIC),
        ("Trainer(model).predict(test).metrics", Tag.METRIC),
        ("LogisticRegression().score(a, b)", Tag.METRIC),
        ("(a == b).mean()", Tag.METRIC),
        ("(a == b).float().mean().item()", Tag.METRIC),
        ("(a == b).sum()", Tag.METRIC),
        ("np.mean(a == b)", Tag.METRIC),
        ("torch.eq(a, b).sum().item()", Tag.METRIC),
        ("sum(p == t for p, t in zip(a, b)) / len(b)", Tag.METRIC),
        ("sum(1 for p, t in zip(a, b) if p == t)", Tag.METRIC),
        ("n = 0\nfor p, t in zip(a, b):\n  if p == t:\n    n += 1\nn / len(b)", Tag.METRIC),
        ("n = 0\nfor p, t in a:\n  n += int(p == t)\n100 * n / len(a)", Tag.METRIC),
        ("hits = []\nfor p, t in a:\n  hits.append(p == t)\nsum(hits) / len(hits)", Tag.METRIC),
        ("def score(p, t):\n  return (p == t).mean()\nscore(a, b)", Tag.METRIC),
        ("p = model(test['img'])\nnp.mean(p != np.array(test['label']))", Tag.METRIC),
        ("p = model(test['img'])\nsum(t in k for t, k in zip(test['label'], p))", Tag.METRIC),
        (
            "rows = []\nfor r in test:\n  rows.append({'ok': model(r['img']) == r['label']})\n"
            "pd.DataFrame(rows)['ok'].mean()",
            Tag.METRIC,
        ),
        ("evaluate.evaluator('image-classification').compute(model, test)", Tag.METRIC),
        ("for name, m in [('a', model), ('b', model)]: m(test)", Tag.MODEL_OUTPUT),
        ("pd.read_csv('a.csv').loc[mask, 'label']", Tag.LABELS),
        ("LogisticRegression().fit(a, b)", Tag.FIT),
        ("scaler.fit_transform(a)", Tag.FIT),
        ("Trainer(model).train()", Tag.FIT),
    ],
)
def test_a_fact_is_set_where_it_originates(code: str, tag: Tag) -> None:
    assert tag in originates(code)


@pytest.mark.parametrize(
    ("code", "tag"),
    [
        ("random.seed(0)", Tag.RANDOM),
        ("np.random.seed(0)", Tag.RANDOM),
        ("torch.manual_seed(0)", Tag.RANDOM),
        ("np.random.default_rng(0)", Tag.RANDOM),
        ("torch.nn.Linear(2, 3)", Tag.RANDOM),
        ("chooser.choice(3)", Tag.RANDOM),
        ("ds['test'].features['label'].names", Tag.LABELS),
        ("torchvision.datasets.CIFAR10('data').classes", Tag.LABELS),
        ("pipeline('image-classification')(test)[0]['label']", Tag.LABELS),
        ("rs = [pipeline('x')(i) for i in test]\n[r[0]['label'] for r in rs]", Tag.LABELS),
        ("config['label']", Tag.LABELS),
        ("ViTImageProcessor.from_pretrained('a')", Tag.MODEL),
        ("CLIPProcessor.from_pretrained('a')", Tag.MODEL),
        ("torch.nn.CrossEntropyLoss()(a, b)", Tag.MODEL_OUTPUT),
        ("model.train()", Tag.FIT),
        ("(test['label'] == 3).sum()", Tag.METRIC),
        ("for c in range(10): (test['label'] == c).sum()", Tag.METRIC),
        ("if len(a) == len(b): 1 / 2", Tag.METRIC),
        (
            "from sklearn.metrics.pairwise import cosine_similarity\ncosine_similarity(a)",
            Tag.METRIC,
        ),
        ("loss / len(test)", Tag.METRIC),
        ("(ids != tokenizer.pad_token_id).sum()", Tag.METRIC),
        ("sum(word in text for word in words)", Tag.METRIC),
        ("import sacrebleu\nsacrebleu.BLEU()", Tag.METRIC),
        ("torchmetrics.Accuracy(task='multiclass')", Tag.METRIC),
        ("class_names = ['a', 'b', 'c'][:2]", Tag.LIMIT),
        ("for i in range(3): print(i)", Tag.LIMIT),
        ("for i in range(0, 9, 3): test['label'][i : i + 3]", Tag.LIMIT),
        ("model(test).argsort()[:5]", Tag.LIMIT),
        ("test['label'][::-1]", Tag.LIMIT),
        ("for row in test: row['caption'][:77]", Tag.LIMIT),
        ("names = ds['train'].features['label'].names[:3]", Tag.LIMIT),
        ("images[:, :3]", Tag.LIMIT),
    ],
)
def test_a_fact_is_not_claimed_of_something_similar(code: str, tag: Tag) -> None:
    assert tag not in originates(code)


@pytest.mark.parametrize(
    ("code", "limit"),
    [
        ("test.select(range(1))", 1),
        ("n = 20\ntest.select(range(n))", 20),
        ("n = 20\ntest.shuffle(seed=1).select(range(n * 2))", 40),
        ("test.select(range(10, 30))", 20),
        ("test.select(range(min(100, len(test))))", 100),
        ("test.select([0])", 1),
        ("test.select([3, 5])", 2),
        ("test.select(random.sample(range(len(test)), 7))", 7),
        ("test.select(torch.randperm(len(test))[:8])", 8),
        ("test.select([i for i in range(9)])", 9),
        ("test.select(chosen)", None),
        ("test[:20]", 20),
        ("test['label'][:20]", 20),
        ("test['label'][5:20]", 15),
        ("test['label'][-5:]", 5),
        ("test['label'][:n]", None),
        ("load_dataset('a', split='test[:20]')", 20),
        ("load_dataset('a', split='test[10:30]')", 20),
        ("load_dataset('a', split='test[:5%]')", None),
        ("n = 30\nload_dataset('a', split=f'test[:{n}]')", 30),
        ("Subset(test, range(5))", 5),
        ("test.take(3)", 3),
        ("pd.read_csv('a.csv').head(3)", 3),
        ("pd.read_csv('a.csv').head()", 5),
        ("pd.read_csv('a.csv').sample(n=6)", 6),
        ("islice(test, 4)", 4),
        ("islice(test, 2, 6)", 4),
        ("next(iter(DataLoader(test, batch_size=16)))['label']", 16),
        ("n = min(200, len(test))\ntest.select(range(n))", 200),
        ("def some(n):\n  return n\ntest.select(range(some(30)))", 30),
        ("zip(test, range(6))", 6),
        ("for i in range(5): test[i]", 5),
        ("images = [test[i]['image'] for i in range(5)]", 5),
        ("rows = list(test)\nrows[:4]", 4),
        ("a, b = random_split(test, [90, 10])", 90),
        ("for i, row in enumerate(test):\n  if i == 5:\n    break\nfor row in test: pass", 0),
    ],
)
def test_a_limit_says_how_many_rows_are_kept(code: str, limit: int | None) -> None:
    graph = graph_of(DATA, code)
    last = code.count("\n") + 1
    nodes = [node for node in graph.nodes if node.cell == 1 and node.line == last]
    found = {node.limit for node in nodes if Tag.LIMIT in node.tags}
    assert limit in found if limit != 0 else found == set()


@pytest.mark.parametrize(
    ("loop", "limit"),
    [
        ("for i, row in enumerate(test):\n    if i >= 20: break\n    add(row)", 20),
        ("for i, row in enumerate(test):\n    if i == 20: break\n    add(row)", 20),
        ("for i, row in enumerate(test):\n    if i > 20: break\n    add(row)", 21),
        ("for i, row in enumerate(test):\n    add(row)\n    if i >= 19: break", 20),
        ("most = 20\nfor i, row in enumerate(test):\n    if i >= most: break\n    add(row)", 20),
        ("n = 0\nfor row in test:\n    add(row)\n    n += 1\n    if n >= 20: break", 20),
        ("for row in test:\n    preds.append(row)\n    if len(preds) == 20: break", 20),
        ("for i, row in enumerate(test, 3):\n    if i >= 20: break\n    add(row)", None),
        ("for i, row in enumerate(test):\n    if row['x'] >= 20: break\n    add(row)", None),
        ("for i, row in enumerate(test):\n    if i >= most: break\n    add(row)", None),
        (
            "for i, row in enumerate(DataLoader(test, batch_size=8)):\n"
            "    if i >= 5: break\n    add(row)",
            40,
        ),
        (
            "for i, row in enumerate(DataLoader(test, batch_size=size)):\n"
            "    if i >= 5: break\n    add(row)",
            None,
        ),
        ("for i, row in enumerate(test.batch(8)):\n    if i >= 5: break\n    add(row)", None),
    ],
)
def test_a_loop_that_stops_early_keeps_as_many_rows_as_its_counter_says(
    loop: str, limit: int | None
) -> None:
    graph = graph_of(DATA, "preds = []\n" + loop.replace("add(row)", "preds.append(model(row))"))
    assert limits(slice_of(graph, "preds")) == {limit}


@pytest.mark.parametrize(
    ("code", "split"),
    [
        ("x = ds['train']", "train"),
        ("x = ds['validation']", "validation"),
        ("x = ds['val']", "validation"),
        ("x = ds['dev']", "validation"),
        ("key = 'test'\nx = ds[key]", "test"),
        ("x = load_dataset('a', split='train')", "train"),
        ("x = load_dataset('a', split='validation[:10]')", "validation"),
        ("a, x = load_dataset('a', split=['train', 'test'])", "test"),
        ("x = torchvision.datasets.CIFAR10('data', train=False)", "test"),
        ("x = torchvision.datasets.CIFAR10('data', True)", "train"),
        ("x = torchvision.datasets.Food101('data', split='test')", "test"),
        ("x = torchvision.datasets.ImageFolder('data/train')", "train"),
        ("import os\nx = torchvision.datasets.ImageFolder(os.path.join(base, 'test'))", "test"),
        ("x = torchvision.datasets.ImageFolder(f'{base}/val')", "validation"),
        ("(a, b), (x, c) = keras.datasets.mnist.load_data()", "test"),
        ("x = torchvision.datasets.SVHN('data', 'test')", "test"),
        ("df = pd.read_csv('a.csv')\nx = df[df['split'] == 'test']", "test"),
        ("df = pd.read_csv('a.csv')\nx = df[(df.split == 'test') & (df.n > 3)]", "test"),
        ("df = pd.read_csv('a.csv')\nmask = df.set == 'val'\nx = df.loc[mask, 'n']", "validation"),
        ("df = pd.read_csv('a.csv')\nx = df.query(\"split == 'test'\")", "test"),
        ("x = pd.read_csv('data/test.csv')", "test"),
        ("x = pd.read_csv('test/labels.csv')", "test"),
        ("x = np.load('X_test.npy')", "test"),
        ("x = load_from_disk('data/test')", "test"),
        ("x = load_dataset('imagefolder', data_dir='data/test')", "test"),
        ("x = load_dataset('imagefolder', data_dir='data/test')['train']", "test"),
        ("ds = load_dataset('/data/leaves/test')\nx = ds['train']", "test"),
        ("x = load_dataset('./leaves/valid')['train']", "validation"),
        ("x = load_dataset('/data/leaves/train')['train']", "train"),
        ("x = load_dataset('owner/test')['train']", "train"),
        ("x = load_dataset('/data/test')['train'].train_test_split(0.2)['train']", "train"),
        ("from pathlib import Path\nx = list(Path('data/test').glob('*.jpg'))", "test"),
        ("from pathlib import Path\nx = list((Path('d') / 'test').rglob('*'))", "test"),
        ("import os\nx = os.listdir('data/val')", "validation"),
        ("x = test.train_test_split(0.2)['train']", "train"),
        ("a, x, b, c = train_test_split(features, targets)", "test"),
        (
            "loaders = {s: DataLoader(ds[s]) for s in ['train', 'val']}\nx = loaders['val']",
            "validation",
        ),
    ],
)
def test_a_split_is_named_where_it_is_chosen(code: str, split: str) -> None:
    graph = graph_of(DATA, code)
    assert split in splits(slice_of(graph, "x"))


@pytest.mark.parametrize(
    "code",
    [
        "x = pd.read_csv('train.csv')",
        "x = pd.read_csv('train_and_test.csv')",
        "x = pd.read_csv('latest.csv')",
        "df = pd.read_csv('a.csv')\nx = df[df.age == 3]",
        "df = pd.read_csv('a.csv')\nx = df[(df.split == 'test') | (df.split == 'val')]",
        "import tensorflow_datasets as tfds\n"
        "(a, x), info = tfds.load('a', split=['train', 'test'], with_info=True)",
    ],
)
def test_a_split_is_not_claimed_where_it_is_not_sure(code: str) -> None:
    assert splits(slice_of(graph_of(DATA, code), "x")) == set()


def test_a_key_of_something_else_is_no_split() -> None:
    graph = graph_of(DATA, "x = transforms['train']\ny = {'train': 1}['train']")
    assert splits(slice_of(graph, "x") + slice_of(graph, "y")) == set()


def test_loaders_in_a_dict_keep_apart() -> None:
    graph = graph_of(
        DATA, "loaders = {'train': DataLoader(ds['test']), 'test': 1}\nx = loaders['train']"
    )
    assert splits(slice_of(graph, "x")) == {"test"}


def test_labels_split_beside_features_stay_out_of_the_features() -> None:
    graph = graph_of(
        DATA,
        "data = sklearn.datasets.load_digits()\n"
        "a, b, c, d = train_test_split(data.data, data.target, test_size=0.2)",
    )
    assert Tag.LABELS not in tags_of(graph, "b")
    assert Tag.LABELS in tags_of(graph, "d")
    assert splits(slice_of(graph, "d")) == {"test"}


def test_labels_given_for_the_loss_do_not_make_the_logits() -> None:
    graph = graph_of(
        DATA,
        "for batch in DataLoader(test):\n"
        "    out = model(pixel_values=batch['image'], labels=batch['label'])\n"
        "    preds = out.logits.argmax(-1)",
    )
    assert tags_of(graph, "preds") >= {Tag.MODEL_OUTPUT, Tag.DATASET}
    assert Tag.LABELS not in tags_of(graph, "preds")


def test_a_label_column_made_by_a_transform_stays_a_column() -> None:
    graph = graph_of(
        DATA,
        "def prepare(row):\n"
        "    return {'pixels': process(row['img']), 'labels': row['label']}\n"
        "ready = test.map(prepare)\npixels = ready['pixels']\nlabels = ready['labels']\n"
        "loader = DataLoader(ready)",
    )
    assert Tag.LABELS not in tags_of(graph, "pixels")
    assert Tag.LABELS not in tags_of(graph, "loader")
    assert Tag.LABELS in tags_of(graph, "labels")


def test_a_collate_function_keeps_images_and_labels_apart() -> None:
    graph = graph_of(
        DATA,
        "def collate(rows):\n"
        "    return stack([r['img'] for r in rows]), stack([r['label'] for r in rows])\n"
        "for x, y in DataLoader(test, collate_fn=collate):\n    preds = model(x)\n    true = y",
    )
    assert tags_of(graph, "preds") == {Tag.DATASET, Tag.MODEL, Tag.MODEL_OUTPUT}
    assert tags_of(graph, "true") == {Tag.DATASET, Tag.LABELS}
    assert splits(slice_of(graph, "preds")) == splits(slice_of(graph, "true")) == {"test"}


def test_predictions_made_by_a_transform_are_model_output() -> None:
    graph = graph_of(
        DATA,
        "done = test.map(lambda row: {'pred': model(row['img']).logits.argmax(-1)})\n"
        "accuracy_score(done['label'], done['pred'])",
    )
    name = "sklearn.metrics.accuracy_score"
    assert Tag.MODEL_OUTPUT not in graph.tags(argument(graph, name, 0))
    assert Tag.MODEL_OUTPUT in graph.tags(argument(graph, name, 1))


def test_class_names_carry_nothing_of_the_split_they_were_read_from() -> None:
    graph = graph_of(
        DATA, "names = ds['train'].features['label'].names\nprompts = [n for n in names]"
    )
    assert splits(slice_of(graph, "prompts")) == set()


def test_an_optimiser_step_leaves_the_model_as_it_was() -> None:
    graph = graph_of(DATA, "loss = model(ds['train']).loss\nloss.backward()\nx = model(test)")
    assert splits(slice_of(graph, "x")) == {"test"}


def test_a_fitted_model_depends_on_what_it_was_fitted_on() -> None:
    graph = graph_of(
        DATA, "clf = LogisticRegression()\nclf.fit(ds['train'], y)\nx = clf.predict(test)"
    )
    assert tags_of(graph, "x") >= {Tag.FIT, Tag.MODEL_OUTPUT}
    assert splits(slice_of(graph, "x")) == {"train", "test"}


def test_value_of_finds_the_last_binding() -> None:
    graph = graph_of("a = 1\na = 2")
    assert graph.nodes[value_of(graph, "a")].value == 2
