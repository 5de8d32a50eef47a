"""What the names of the libraries mean. Nothing else in this package names a library."""

import re

from grader.patterns import regex


def words(text: str) -> frozenset[str]:
    """A set of the words of a text."""
    return frozenset(text.split())


CONVENTIONAL = {
    "np": "numpy",
    "pd": "pandas",
    "plt": "matplotlib.pyplot",
    "sns": "seaborn",
    "tf": "tensorflow",
    "nn": "torch.nn",
}
"""Aliases nobody uses otherwise, for a notebook whose import cell could not be read."""

RANDOM = {
    "random": words(
        "random randint randrange uniform choice choices sample shuffle gauss normalvariate "
        "betavariate expovariate triangular getrandbits randbytes"
    ),
    "numpy.random": words(
        "rand randn randint random random_sample ranf sample choice permutation shuffle "
        "uniform normal standard_normal binomial multinomial beta gamma exponential poisson "
        "dirichlet random_integers multivariate_normal laplace logistic"
    ),
    "torch": words(
        "rand randn randint randperm rand_like randn_like randint_like bernoulli multinomial normal"
    ),
    "tensorflow.random": words("uniform normal shuffle categorical truncated_normal"),
    "secrets": words("choice randbelow randbits"),
}
"""Functions that draw random values, by module; seeding is not drawing."""

GENERATORS = frozenset(
    {
        "numpy.random.default_rng",
        "numpy.random.RandomState",
        "numpy.random.Generator",
        "random.Random",
        "random.SystemRandom",
    }
)
DRAWS = RANDOM["random"] | RANDOM["numpy.random"] | frozenset({"integers", "permuted", "bytes"})
"""Methods by which a generator draws."""

DATASETS = frozenset(
    {
        "datasets.load_dataset",
        "datasets.load_from_disk",
        "tensorflow_datasets.load",
        "seaborn.load_dataset",
        "keras.utils.image_dataset_from_directory",
        "keras.preprocessing.image_dataset_from_directory",
    }
)
DATASET_MODULES = ("torchvision.datasets.", "keras.datasets.", "sklearn.datasets.")
DATASET_METHODS = frozenset({"flow_from_directory", "flow_from_dataframe"})
DATASET_BASES = frozenset(
    {
        "torch.utils.data.Dataset",
        "torch.utils.data.IterableDataset",
        "torch.utils.data.dataset.Dataset",
    }
)
FOLDER_DATASETS = ("ImageFolder", "DatasetFolder", "image_dataset_from_directory")

WRAPPERS = frozenset(
    {
        "list",
        "tuple",
        "iter",
        "sorted",
        "reversed",
        "tqdm",
        "tqdm.tqdm",
        "tqdm.auto.tqdm",
        "tqdm.notebook.tqdm",
        "tqdm.autonotebook.tqdm",
        "tqdm.tqdm_notebook",
        "torch.utils.data.DataLoader",
        "torch.utils.data.dataloader.DataLoader",
        "numpy.array",
        "numpy.asarray",
        "torch.tensor",
        "torch.as_tensor",
        "copy.copy",
        "copy.deepcopy",
        "pandas.DataFrame",
        "rich.progress.track",
        "datasets.DatasetDict",
        "datasets.Dataset.from_pandas",
        "datasets.Dataset.from_dict",
        "torch.compile",
        "torch.nn.DataParallel",
        "peft.get_peft_model",
    }
)
"""Functions whose result has the items of their first argument."""

READERS = frozenset(
    {
        "open",
        "numpy.load",
        "numpy.loadtxt",
        "numpy.genfromtxt",
        "numpy.fromfile",
        "pickle.load",
        "pickle.loads",
        "dill.load",
        "cloudpickle.load",
        "json.load",
        "yaml.safe_load",
        "torch.load",
        "joblib.load",
        "csv.reader",
        "csv.DictReader",
        "PIL.Image.open",
        "cv2.imread",
        "imageio.imread",
        "matplotlib.pyplot.imread",
        "skimage.io.imread",
        "scipy.io.loadmat",
        "h5py.File",
        "io.open",
    }
)
READER_METHODS = frozenset({"read_text", "read_bytes"})
TABLES = regex(r"(?:pandas|polars)\.read_\w+")
"""Readers whose result is a table with columns."""

MODEL_CLASS = regex(r"(?:\w*(?:Model|For[A-Z]\w*|Transformer|Classifier|Net|LMHead\w*))$")
"""Last part of the name of a class that ``from_pretrained`` makes a model of."""

NOT_A_MODEL = regex(r"Processor|Tokenizer|FeatureExtractor|Config|Args|Arguments")
MODELS = frozenset(
    {
        "transformers.pipeline",
        "transformers.pipelines.pipeline",
        "timm.create_model",
        "torch.hub.load",
        "torch.jit.load",
        "keras.models.load_model",
        "keras.saving.load_model",
        "keras.Sequential",
        "keras.Model",
        "keras.models.Sequential",
        "keras.models.Model",
        "torch.nn.Sequential",
        "torch.nn.Linear",
        "sentence_transformers.SentenceTransformer",
        "clip.load",
        "open_clip.create_model_and_transforms",
        "open_clip.create_model",
        "sklearn.pipeline.make_pipeline",
        "sklearn.pipeline.Pipeline",
        "sklearn.model_selection.GridSearchCV",
        "sklearn.model_selection.RandomizedSearchCV",
    }
)
MODEL_MODULES = ("torchvision.models.", "keras.applications.", "xgboost.XGB", "lightgbm.LGBM")
ESTIMATORS = regex(
    r"sklearn\.(?:linear_model|svm|ensemble|tree|neighbors|naive_bayes|neural_network|cluster"
    r"|discriminant_analysis|dummy|gaussian_process|multiclass|calibration)\.(?:\w+\.)*[A-Z]\w*$"
)
MODEL_BASES = regex(
    r"(?:torch\.nn\.(?:modules\.module\.)?Module|keras\.(?:models\.)?Model"
    r"|(?:pytorch_lightning|lightning(?:\.pytorch)?)\.LightningModule|transformers\.\w*Model)$"
)
TRAINER = regex(r"(?:transformers(?:\.\w+)*|setfit|trl)\.\w*Trainer$")

KEEPS_MODEL = words(
    "to eval cuda cpu half float double train requires_grad_ bfloat16 fit compile "
    "partial_fit bettertransformer set_params"
)
"""Methods that give the model back."""

PREDICTS = words(
    "predict predict_proba predict_log_proba decision_function predict_on_batch "
    "predict_generator generate get_image_features get_text_features encode_image "
    "encode_text"
)
MODEL_PREDICTS = words("encode forward transform fit_predict __call__")
"""Methods that compute outputs when their receiver is a model."""

OUTPUT_FIELDS = words("logits logits_per_image logits_per_text image_embeds text_embeds")

FITS = words(
    "fit fit_transform fit_predict partial_fit fit_generator train_on_batch backward fit_resample"
)

MEASURES = ("evaluate.load", "evaluate.combine", "evaluate.evaluator", "datasets.load_metric")
MEASURE_MODULES = (
    "torchmetrics.",
    "keras.metrics.",
    "torcheval.metrics.",
    "ignite.metrics.",
    "sacrebleu.",
    "rouge_score.",
    "rouge.",
    "pycocoevalcap.",
)
MEASURING = words("corpus_score sentence_score compute_score get_scores")
"""Methods by which metric objects for sentences score."""

METRIC_MODULES = (
    "sklearn.metrics.",
    "torchmetrics.functional.",
    "torcheval.metrics.functional.",
    "nltk.translate.",
    "sacrebleu.",
    "jiwer.",
    "bert_score.",
)
NOT_A_METRIC = regex(r"sklearn\.metrics\.(?:pairwise\b|\w*[dD]isplay|make_scorer|get_scorer)")
METRIC_NAME = regex(
    r"(?:^|[_.])(?:accuracy|precision|recall|f1|f1score|bleu|metrics?)(?:_|$)", re.IGNORECASE
)
"""Names of functions that compute a metric if they also divide."""

CROSS_VALIDATION = frozenset(
    {
        "sklearn.model_selection.cross_val_score",
        "sklearn.model_selection.cross_validate",
    }
)
PAIR_SPLITTERS = frozenset({"sklearn.model_selection.train_test_split"})
"""Return, for every array given, its training and its test part."""

SPLITTERS = frozenset({"torch.utils.data.random_split", "torch.utils.data.dataset.random_split"})

SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "val": "validation",
    "valid": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
SPLIT_TEXT = regex(r"^\s*(?P<split>[A-Za-z]+)\s*(?:\[(?P<rows>[^\]]*)\])?\s*$")
"""``test``, ``test[:20]``, ``train[10:20]``, ``validation[:5%]``."""

LABEL_KEY = regex(
    r"(?:\w+_)?(?:labels?|targets?|label_ids?|fine_label|coarse_label|ground_truth|gt|y|y_true"
    r"|y_(?:train|test|val|valid|validation|dev)|class_id|class_label)$",
    re.IGNORECASE,
)
"""Keys, attributes and loop variables under which datasets carry labels."""

MUTATORS = words(
    "append extend appendleft update update_state add insert add_batch add_ fit partial_fit "
    "setdefault set_transform set_format load_state_dict train fit_generator train_on_batch write "
    "copy_ add_module"
)
"""Methods after which the variable they are called on holds something new."""

GROWS = words("append extend appendleft update add insert")
"""Methods that add their argument to a container."""

LISTINGS = words("glob.glob glob.iglob os.listdir os.scandir")
LISTING_METHODS = words("glob rglob iterdir")
"""Functions and methods that list files."""

COMPARISONS = words("numpy.equal torch.eq tensorflow.equal keras.ops.equal")
"""Element-wise equality."""

SCHEMA = words("features classes class_to_idx class_names column_names info dtypes num_classes")
"""Attributes that describe a dataset and hold none of its rows."""

MUTATING_FUNCTIONS = frozenset({"random.shuffle", "numpy.random.shuffle"})
"""Functions that change their first argument in place."""

COUNTS = words("sum mean item float int long double astype type cpu numpy detach to")
"""Methods that leave a comparison of labels what it is, or count its matches."""

COUNTERS = words(
    "sum int float list numpy.sum numpy.mean numpy.array numpy.asarray numpy.average "
    "numpy.count_nonzero torch.sum torch.mean statistics.mean tensorflow.reduce_mean "
    "tensorflow.cast tensorflow.reduce_sum"
)
SUMMARIES = words("mean sum average count_nonzero reduce_mean reduce_sum")
"""Last parts of the functions and methods that turn matches into a score."""

SELECTS = words("select take head limit sample nlargest")
"""Methods that keep as many rows as their first argument says."""

SUBSETS = frozenset({"torch.utils.data.Subset", "torch.utils.data.dataset.Subset"})
INDEX_MAKERS = frozenset({"numpy.arange", "torch.arange"})
SAMPLERS = {"random.sample": 1, "random.choices": 1, "numpy.random.choice": 1}
"""Position of the size among their arguments."""


def canonical(path: str) -> str:
    """The name under which the tables know it: one spelling for each of the Keras homes."""
    for prefix in ("tensorflow.python.keras.", "tensorflow.keras.", "tf_keras."):
        if path.startswith(prefix):
            return "keras." + path.removeprefix(prefix)
    return path


def split_of(text: str) -> str | None:
    """The split a key or directory names, normalised."""
    return SPLITS.get(text.strip().lower())


def is_label(key: str) -> bool:
    """Whether datasets carry labels under this key."""
    return LABEL_KEY.match(key) is not None


def draws(path: str) -> bool:
    """Whether a function draws random values."""
    module, _, name = path.rpartition(".")
    return name in RANDOM.get(module, frozenset())


def loads_dataset(path: str) -> bool:
    """Whether a function or class loads a dataset."""
    return path in DATASETS or path.startswith(DATASET_MODULES) or path.endswith(".ImageFolder")


def makes_model(path: str) -> bool:
    """Whether a function or class makes a model."""
    owner, _, name = path.rpartition(".")
    if name in {"from_pretrained", "from_config"}:
        kind = owner.rpartition(".")[2]
        return bool(MODEL_CLASS.search(kind)) and not NOT_A_MODEL.search(kind)
    if NOT_A_MODEL.search(name):
        return False
    known = path in MODELS or path.startswith(MODEL_MODULES)
    return known or bool(ESTIMATORS.match(path) or TRAINER.match(path))


def reads_file(path: str) -> bool:
    """Whether a function reads a file."""
    return path in READERS or TABLES.match(path) is not None


def is_metric(path: str) -> bool:
    """Whether a function computes a metric."""
    name = path.rpartition(".")[2]
    is_class = name[:1].isupper()
    if NOT_A_METRIC.match(path) or is_class:
        return False
    return path.startswith(METRIC_MODULES) or path in CROSS_VALIDATION


def makes_measure(path: str) -> bool:
    """Whether a function or class makes a metric object."""
    name = path.rpartition(".")[2]
    return path in MEASURES or (path.startswith(MEASURE_MODULES) and name[:1].isupper())
