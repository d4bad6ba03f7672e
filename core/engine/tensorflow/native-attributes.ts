import type { TensorFlowBinding } from './binding.ts';

/** Attributes of TensorFlow's operations as the addon takes them. */
export function attributesOf(binding: TensorFlowBinding) {
  const attribute = (name: string, type: number, value: unknown): never =>
    ({ name, type, value }) as never;
  return {
    attribute,
    /** A type attribute of float32. */
    float: (name: string): never => attribute(name, binding.TF_ATTR_TYPE, binding.TF_FLOAT),
    text: (name: string, value: string): never => attribute(name, binding.TF_ATTR_STRING, value),
    integers: (name: string, value: number[]): never => attribute(name, binding.TF_ATTR_INT, value),
    /** Batches of pixels of channels. */
    layout: attribute('data_format', binding.TF_ATTR_STRING, 'NHWC'),
  };
}
