import 'reflect-metadata'; // needed by @peculiar/x509
import { createPrivateKey, webcrypto } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  BasicConstraintsExtension,
  type JsonGeneralName,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import { writePrivate } from './private-file.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** Long-lived: the key of each machine, not a date, decides who may come in. */
const dates = { notBefore: new Date('2020-01-01'), notAfter: new Date('2099-12-31') };

export interface Certificates {
  /** Files for the broker. */
  certificate: string;
  key: string;
  /** The lab's own authority (PEM), which machines compare the broker with. */
  ca: string;
}

/**
 * Returns the certificate of a broker, newly signed for these hosts by the authority of this lab,
 * which is made once and stays in `folder`.
 *
 * @param hosts names and addresses under which machines dial the broker
 */
export async function brokerCertificate(
  folder: string,
  hosts: readonly string[],
): Promise<Certificates> {
  const authority = await authorityIn(folder);
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const made = await X509CertificateGenerator.create({
    subject: 'CN=KTG lab broker',
    issuer: authority.certificate.subject,
    signingKey: authority.key,
    publicKey: keys.publicKey,
    signingAlgorithm: algorithm,
    ...dates,
    extensions: [
      new SubjectAlternativeNameExtension([...new Set(hosts)].map(generalName)),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
    ],
  });
  const files = { certificate: join(folder, 'broker.pem'), key: join(folder, 'broker-key.pem') };
  await writePrivate(files.key, await pemOf(keys.privateKey));
  await writePrivate(files.certificate, made.toString('pem'));
  return { ...files, ca: authority.certificate.toString('pem') };
}

async function authorityIn(
  folder: string,
): Promise<{ certificate: X509Certificate; key: webcrypto.CryptoKey }> {
  const [file, keyFile] = [join(folder, 'ca.pem'), join(folder, 'ca-key.pem')];
  if (existsSync(file) && existsSync(keyFile)) {
    const der = createPrivateKey(readFileSync(keyFile)).export({ type: 'pkcs8', format: 'der' });
    const key = await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
    return { certificate: new X509Certificate(readFileSync(file, 'utf8')), key };
  }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=KTG lab',
    keys,
    signingAlgorithm: algorithm,
    ...dates,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  await writePrivate(keyFile, await pemOf(keys.privateKey));
  await writePrivate(file, certificate.toString('pem'));
  return { certificate, key: keys.privateKey };
}

const generalName = (host: string): JsonGeneralName => ({
  type: isIP(host) === 0 ? 'dns' : 'ip',
  value: host,
});

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const made = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return made.export({ type: 'pkcs8', format: 'pem' }).toString();
}
