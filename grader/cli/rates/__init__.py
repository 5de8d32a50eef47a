"""Error rates of the detectors, measured on notebooks with known flaws.

labelled   a folder of such notebooks -> what each is known to hold
measuring  notebooks -> what the detectors said of each, read only or run
counting   what was said -> right, wrong and missed, by detector
page       the counts as a page of the documentation, and the gates they have to pass
"""
