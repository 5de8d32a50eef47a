"""Classes that prepare data for a model and learn something of it."""

from collections.abc import Mapping

from grader.model import Severity

PREPARES: Mapping[str, Severity | None] = {
    **dict.fromkeys(
        (
            "StandardScaler", "MinMaxScaler", "RobustScaler", "MaxAbsScaler", "QuantileTransformer",
            "PowerTransformer", "KBinsDiscretizer", "SimpleImputer", "KNNImputer",
            "IterativeImputer", "PCA", "IncrementalPCA", "KernelPCA", "TruncatedSVD", "NMF",
            "FastICA", "FactorAnalysis", "ColumnTransformer",
        ),
        "minor",
    ),
    **dict.fromkeys(
        (
            "SelectKBest", "SelectPercentile", "SelectFromModel", "SelectFpr", "SelectFdr", "RFE",
            "RFECV", "SequentialFeatureSelector", "LinearDiscriminantAnalysis", "TfidfVectorizer",
            "CountVectorizer", "TargetEncoder",
        ),
        "major",
    ),
    **dict.fromkeys(("LabelEncoder", "LabelBinarizer", "OneHotEncoder", "OrdinalEncoder"), None),
}  # fmt: skip
"""Classes of scikit-learn that prepare data, with what it means to fit them on test rows: minor
where only the range or the directions of the features are learned, major where labels or a
vocabulary are; nothing where only the names of categories are."""
