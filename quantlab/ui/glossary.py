"""The field's words, each in one line, for the help of the control that carries it; defined here and nowhere else."""

from __future__ import annotations

GLOSSARY: dict[str, str] = {
    "accumulator": "The wide integer in which a sum of products grows before it is scaled back.",
    "accuracy": "The share of test images that are read right; one image more or less moves it by one step.",
    "affine range": "Whether an affine grid's range is stretched to contain 0, and how far its zero point may lie.",
    "affine": "A grid with a zero point: its codes follow the range from lo to hi; it holds 0 unless set free.",
    "agreement": "The share of rows for which the largest output is the same one as that of float32.",
    "axis": "Whole: from the largest value to its mirror; body: where 99 % of the values lie, the rest counted beside.",
    "batch": "How many rows go through together; they share one reading of the weights.",
    "bias": "A float added to every output of a column; as an integer in steps of scale X × scale W it joins the sum.",
    "bits a value": "Codes, scales and zero points together, divided by the number of values.",
    "bits": "The width of a code; each bit doubles the number of codes and about halves the step, and so the error.",
    "bytes moved": "What enters and leaves the layers for one batch, weights included; counted from shapes and types.",
    "calibrate": "To show an observer typical data, so that it can choose the range.",
    "clipped": "The share of the values that lie beyond the last code at either end.",
    "clipping": "What a value loses when it lies beyond the last code and falls to it.",
    "code": "The integer that stands for a value; what is stored and computed with.",
    "codes used": "How many of the codes occur at least once in the data.",
    "compare": "What the differences under the numbers are against.",
    "compression ratio": "Bytes of the input divided by bytes of codes, scales and zero points.",
    "convert": "To replace a network's float layers by integer ones, once its ranges are known.",
    "cosine": "The cosine of the angle between x and x̂: 1 where only the length differs.",
    "data": "The array that is quantized: built in, or your own.",
    "dequantize": "From a code back to a real value: (code − zero point) · scale.",
    "division": "Whether x is divided by the scale, or multiplied by its rounded reciprocal: quicker, other in ties.",
    "ends at eight": "Whether first and last layer keep 8 bits, as is usual: much of the damage comes from there.",
    "epoch": "One pass over all rows that train; written as those of the float network + those after it.",
    "entropy": "The fewest bits a code that a lossless compression of these codes could reach on average.",
    "error": "x̂ − x: what comes back minus what went in.",
    "fake-quantize": "To quantize and dequantize at once: the values of the grid, still as floats.",
    "far apart": "Hidden channels up to 16 times wider or narrower, undone by what reads them: the same function.",
    "fixed point": "The multiplier as an integer of 31 bits and a shift, for engines without floats; it rounds once at "
    "the end, or twice: at 31 bits and again at the shift.",
    "fixed range": "A range set by hand: what lies outside is clipped.",
    "float product": "The same cell multiplied in floats, from the values before they were quantized.",
    "float twin": "The float network trained on for as long as QAT, so that QAT's gain is not just more training.",
    "floor": "Round down, always: cheap, with an error of half a step on average.",
    "granularity": "Which values share one scale: the whole tensor, a channel, or a group of neighbours.",
    "group": "A run of neighbouring values along an axis that share one scale.",
    "half away": "Round to the nearest code; ties go away from zero.",
    "half even": "Round to the nearest code; ties go to the even one, as processors do.",
    "live shift": "What multiplies the data after calibration: 4 is four times brighter, 0.25 darker. Default 1.",
    "hidden units": "What follows each layer but the last: ReLU holds at 0 from below, tanh bends into −1 to 1.",
    "lsq": "Learned step size: QAT in which the scales are trained along with the weights.",
    "max error": "The largest |x̂ − x|; in steps, each error is divided by its own scale.",
    "mean error": "The mean of |x̂ − x|.",
    "min-max": "A range from the smallest to the largest value: nothing lies outside it.",
    "moving average": "The ends of each batch, averaged: a new one moves the range by its share of the way.",
    "mse": "The mean of (x̂ − x)²; large errors count most.",
    "mse-optimal": "The range with the least mean squared error: it clips a little where finer steps gain more, and is "
    "wider than the values where the last code would fall short of them.",
    "narrow range": "Leaves out the lowest code, so that the codes are as many below zero as above.",
    "observer": "What watches data and chooses a range from it.",
    "output error": "|y − y of float32| / |y of float32|, as lengths of vectors, averaged over the rows.",
    "overflow": "What happens to a code beyond the last one: it saturates, or it wraps.",
    "per channel": "One scale for each index along an axis, such as each output of a layer.",
    "per row": "One scale for each row of X: each token or image has a range of its own.",
    "per tensor": "One scale for the whole array.",
    "percentile": "A range that leaves out the same small share of the values at either end.",
    "pin": "Keeps the present state; everything after it is compared with it.",
    "product error": "The integer result minus the float product; rms is the root of the mean square over all cells.",
    "ptq": "Post-training quantization: observe a trained network on some data, then round it once.",
    "qat": "Quantization-aware training: weights and activations are rounded in each step, gradients pass through.",
    "quantize": "From a real value to a code: round(x / scale) + zero point, held to the codes that exist.",
    "range": "The values from lo to hi that the codes are spread over.",
    "relu": "Sets what is below 0 to 0; among codes a clamp at the zero point, which costs nothing.",
    "rate": "How far a step of training goes; a third of it after the first epochs.",
    "requantize": "From an accumulator's scale to the scale of the next layer's codes.",
    "rounding": "How a value between two levels chooses its code.",
    "saturate": "A value beyond the last code gets the last code.",
    "scale": "The width of one step, in the units of the data.",
    "scale dtype": "The number type that the scale is stored in and rounded to before it is used.",
    "seed": "Starts the random numbers: the same seed gives the same numbers again.",
    "signed": "Codes run from below zero, as in −8 … 7, rather than from 0.",
    "sqnr": "Signal to quantization noise: 10 · log₁₀(Σx² / Σ(x̂ − x)²) in dB; about 6 dB a bit.",
    "stochastic": "Rounds up with the probability of the fraction, so that the mean error is zero.",
    "stored": "The weights' codes, packed, and the biases in 4 bytes each; scales come on top: see Integer only.",
    "straight-through": "The slope that training takes for rounding: 1 inside the range, 0 where a value clips.",
    "symmetric": "A grid centred on zero: real 0 has a fixed code, and only a scale is needed.",
    "symmetric scale": "What the largest absolute value is divided by to give the scale.",
    "wrap": "A value beyond the last code starts again at the other end, as integers do that overflow.",
    "zero point": "The code that stands for real 0.",
    "zero point added": "Whether the zero point is added after rounding or before, which moves the ties.",
}
"""From each word, in lower case, to its definition: one sentence."""


def help_for(*words: str) -> str:
    """Join the definitions of `words` for a control's help, each led by its word where there are several.

    >>> help_for("zero point")
    'The code that stands for real 0.'

    Raises
    ------
    KeyError
        If a word is not in the glossary.
    """
    if len(words) == 1:
        return GLOSSARY[words[0]]
    return "\n\n".join(f"**{word[0].upper()}{word[1:]}**: {GLOSSARY[word]}" for word in words)
