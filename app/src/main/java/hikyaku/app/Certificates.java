package hikyaku.app;

import hikyaku.app.config.Tls;
import hikyaku.server.net.Credential;
import hikyaku.server.net.SelfSigned;
import hikyaku.server.net.TlsContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where certificates come from: the configuration, and a directory of more; without one for this
 * server's own name there, one of our own making.
 */
final class Certificates {
  private static final Logger LOG = LoggerFactory.getLogger(Certificates.class);

  private static final String CHAIN = ".pem";
  private static final String KEY = ".key";

  private final Pair own;
  private final boolean ownMaking;
  private final Optional<Path> directory;
  private final String hostname;
  private final InstantSource clock;

  /** What was read at last of each file. */
  private final Map<Path, Credential> last = new HashMap<>();

  private record Pair(Path certificate, Path key) {}

  /**
   * A certificate that can be used.
   *
   * @param file where it is
   * @param isSelfMade whether it is of our own making
   */
  record Found(Path file, boolean isSelfMade, Credential credential) {
    X509Certificate leaf() {
      return credential.chain().getFirst();
    }
  }

  /**
   * All that there are.
   *
   * @param found the first one is shown to clients that ask for no name, or for one that none has
   * @param problems a sentence without its end for each that cannot be read. Of such a one {@code
   *     found} has what was read before, if it ever was
   */
  record Reading(List<Found> found, List<String> problems) {
    TlsContext context() {
      return TlsContext.of(found.stream().map(Found::credential).toList());
    }
  }

  Certificates(Tls tls, Path selfSigned, String hostname, InstantSource clock) {
    this.ownMaking = tls.certificate().isEmpty();
    this.own =
        new Pair(
            tls.certificate().orElse(selfSigned.resolve("certificate.pem")),
            tls.key().orElse(selfSigned.resolve("key.pem")));
    this.directory = tls.directory();
    this.hostname = hostname;
    this.clock = clock;
  }

  /**
   * The certificates as they are now; a self-signed one is made if it is needed and missing.
   *
   * @throws IOException if there is none for this server itself, or the directory cannot be read
   */
  Reading read() throws IOException {
    return read(true);
  }

  /** The same without making any, and so perhaps without one for this server. */
  Reading look() throws IOException {
    return read(!ownMaking || Files.exists(own.certificate));
  }

  private synchronized Reading read(boolean complete) throws IOException {
    List<String> problems = new ArrayList<>();
    List<Found> found = new ArrayList<>();
    for (Pair pair : pairs()) {
      try {
        found.add(read(pair));
      } catch (IOException e) {
        problems.add(Reason.of(e));
        Credential before = last.get(pair.certificate);
        if (before != null) {
          found.add(new Found(pair.certificate, false, before));
        }
      }
    }
    List<Found> ordered = new ArrayList<>();
    if (ownMaking) {
      found.stream().filter(this::isOfThisServer).findFirst().ifPresent(ordered::add);
    }
    if (ordered.isEmpty() && complete) {
      ordered.add(own());
    }
    found.stream().filter(one -> !ordered.contains(one)).forEach(ordered::add);
    last.clear();
    ordered.forEach(one -> last.put(one.file, one.credential));
    return new Reading(List.copyOf(ordered), List.copyOf(problems));
  }

  private static Found read(Pair pair) throws IOException {
    return new Found(pair.certificate, false, Credential.fromPem(pair.certificate, pair.key));
  }

  private Found own() throws IOException {
    if (ownMaking && !Files.exists(own.certificate)) {
      List<String> names = List.of(hostname, "localhost", "127.0.0.1", "::1");
      return new Found(
          own.certificate,
          true,
          SelfSigned.create(own.certificate, own.key, names, clock.instant()));
    }
    return new Found(own.certificate, ownMaking, read(own).credential);
  }

  private boolean isOfThisServer(Found one) {
    String name = hostname.toLowerCase(Locale.ROOT);
    int dot = name.indexOf('.');
    return one.credential.names().contains(name)
        || dot > 0 && one.credential.names().contains("*" + name.substring(dot));
  }

  /** Those in the directory, by name, whether or not both files are there. */
  private List<Pair> pairs() throws IOException {
    if (directory.isEmpty()) {
      return List.of();
    }
    TreeSet<Path> certificates = new TreeSet<>();
    List<Pair> pairs = new ArrayList<>();
    try (Stream<Path> listed = Files.list(directory.get())) {
      for (Path entry : listed.sorted().toList()) {
        String name = entry.getFileName().toString();
        if (name.startsWith(".")) {
          continue;
        }
        if (Files.isDirectory(entry)) {
          Pair pair = new Pair(entry.resolve("fullchain.pem"), entry.resolve("privkey.pem"));
          if (Files.exists(pair.certificate)
              || Files.exists(pair.key)
              || !Files.isExecutable(entry)) {
            pairs.add(pair);
          }
        } else if (name.endsWith(CHAIN)) {
          certificates.add(entry);
        } else if (name.endsWith(KEY)) {
          certificates.add(sibling(entry, KEY, CHAIN));
        }
      }
    } catch (IOException e) {
      throw new IOException("tls.directory cannot be read: " + Reason.of(e), e);
    }
    certificates.forEach(one -> pairs.add(new Pair(one, sibling(one, CHAIN, KEY))));
    return pairs;
  }

  private static Path sibling(Path file, String ending, String other) {
    String name = file.getFileName().toString();
    return file.resolveSibling(name.substring(0, name.length() - ending.length()) + other);
  }

  /**
   * The same, for handshakes, with lines in the log for what clients may stumble on. A certificate
   * out of its time serves, since some clients do not look.
   */
  Reading readAndWarn() throws IOException {
    Reading reading = read();
    for (String problem : reading.problems) {
      LOG.atError().addKeyValue("cause", problem).log("a certificate cannot be used");
    }
    Instant now = clock.instant();
    for (Found one : reading.found) {
      if (now.isAfter(one.leaf().getNotAfter().toInstant())) {
        LOG.atWarn()
            .addKeyValue("certificate", one.file)
            .addKeyValue("ended", one.leaf().getNotAfter().toInstant())
            .log("the certificate has expired, and clients will refuse it");
      } else if (now.isBefore(one.leaf().getNotBefore().toInstant())) {
        LOG.atWarn()
            .addKeyValue("certificate", one.file)
            .addKeyValue("begins", one.leaf().getNotBefore().toInstant())
            .log("the certificate is not valid yet, and clients will refuse it");
      }
    }
    return reading;
  }
}
