/**
 * What squared distances of unit features are multiplied by: about what makes them log likelihood ratios
 * where classes are spheres of a few effective dimensions (r of them and a variance v within classes in total
 * make r / 2v), as in features of networks trained to classify. The choice is ours; methods on such features
 * take 10 as the scale of cosines, which start there when it is learned (Chen et al., "Meta-Baseline", ICCV
 * 2021, section 4.1).
 */
export const nearestMeanScale = 10
