import type { TensorFlowBinding } from './binding.ts';

/** Returns attributes of TensorFlow's operations in the addon's form. */
export function attributesOf(binding: TensorFlowBinding) {
  const attribute = (name: string, type: number, value: unknown): never =>
    ({ name, type, value }) as never;
  return {
    attribute,
    /** A type attribute of float32. */
    float: (name: string): never => attribute(name, binding.TF_ATTR_TYPE, binding.TF_FLOAT),
    text: (name: string, value: string): never => attribute(name, binding.TF_ATTR_STRING, value),
    integers: (name: string, value: number[]): never => attribute(name, binding.TF_ATTR_INT, value),
    /** Layout [batch, height, width, channels]. */
    layout: attribute('data_format', binding.TF_ATTR_STRING, 'NHWC'),
  };
}
