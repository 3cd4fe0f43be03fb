package hikyaku.stores.postgres;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * How the store reaches its database, and what an operator may want to change about it.
 *
 * @param url of the database, as JDBC names it; several hosts may be given, of which the primary is
 *     used: {@code jdbc:postgresql://db1,db2,db3/hikyaku}
 * @param user the database role; "hikyaku"
 * @param passwordFile a file with its password, read anew for each connection; empty if the
 *     database asks for none
 * @param schema where the tables are, made if need be; "hikyaku"
 * @param blobDirectory a directory that all nodes share (NFS, GlusterFS, CephFS) for message
 *     contents; empty to keep them in the database. What was kept before a change stays where it is
 * @param patience how long calls wait for a database that is stopped, fails over or answers late,
 *     before they are refused; 20 s. Under the time after which clients give up
 * @param attempt how long one attempt waits for the database to answer before the connection is
 *     given up for another; 8 s
 * @param keysKept how long idempotency keys are remembered; 48 h, and never under 24 h
 * @param compressionLevel of Zstandard; 2
 */
public record PostgresSettings(
    String url,
    String user,
    Optional<Path> passwordFile,
    String schema,
    Optional<Path> blobDirectory,
    Pool pool,
    Queue queue,
    Duration patience,
    Duration attempt,
    Duration keysKept,
    int compressionLevel) {
  private static final int MIB = 1024 * 1024;

  public static final PostgresSettings DEFAULT =
      new PostgresSettings(
          "jdbc:postgresql://127.0.0.1:5432/hikyaku",
          "hikyaku",
          Optional.empty(),
          "hikyaku",
          Optional.empty(),
          Pool.DEFAULT,
          Queue.DEFAULT,
          Duration.ofSeconds(20),
          Duration.ofSeconds(8),
          Duration.ofHours(48),
          2);

  public PostgresSettings {
    require(url.startsWith("jdbc:postgresql:"), "a url that does not begin with jdbc:postgresql:");
    require(
        schema.matches("[a-z_][a-z0-9_]{0,40}"), "a schema that is not small letters and digits");
    require(attempt.toSeconds() >= 1, "an attempt of under a second");
    require(patience.compareTo(attempt) >= 0, "patience for less than one attempt");
    require(keysKept.compareTo(Duration.ofHours(24)) >= 0, "keys kept for under 24 hours");
    require(compressionLevel >= 1 && compressionLevel <= 19, "compression level not 1 to 19");
  }

  /**
   * Connections of one node; two more are for hints.
   *
   * @param writers that commit appends, side by side; 2
   * @param headReaders that look at heads, side by side; 2
   * @param readers for all other reading and for upkeep; 8
   */
  public record Pool(int writers, int headReaders, int readers) {
    public static final Pool DEFAULT = new Pool(2, 2, 8);

    public Pool {
      require(writers > 0 && headReaders > 0 && readers > 1, "too few connections");
    }
  }

  /**
   * Writes on their way to the database.
   *
   * @param length rounds that may wait to be committed; 4096. Above it callers wait
   * @param octets their octets; 32 MiB. One larger round is taken alone
   * @param batchLength rounds in one transaction; 256. More makes it slower for all
   * @param batchOctets their octets; 4 MiB
   */
  public record Queue(int length, long octets, int batchLength, long batchOctets) {
    public static final Queue DEFAULT = new Queue(4096, 32L * MIB, 256, 4L * MIB);

    public Queue {
      require(length > 0 && octets > 0, "a queue without room");
      require(batchLength > 0 && batchOctets > 0, "a batch without room");
    }
  }

  /** The same for the database, role and password file of a server of one's own. */
  public PostgresSettings on(LocalPostgres server) {
    return new PostgresSettings(
        server.url(),
        LocalPostgres.USER,
        Optional.of(server.passwordFile()),
        schema,
        blobDirectory,
        pool,
        queue,
        patience,
        attempt,
        keysKept,
        compressionLevel);
  }

  public PostgresSettings withSchema(String newSchema) {
    return new PostgresSettings(
        url,
        user,
        passwordFile,
        newSchema,
        blobDirectory,
        pool,
        queue,
        patience,
        attempt,
        keysKept,
        compressionLevel);
  }

  public PostgresSettings withUrl(String newUrl) {
    return new PostgresSettings(
        newUrl,
        user,
        passwordFile,
        schema,
        blobDirectory,
        pool,
        queue,
        patience,
        attempt,
        keysKept,
        compressionLevel);
  }

  public PostgresSettings withBlobDirectory(Path directory) {
    return new PostgresSettings(
        url,
        user,
        passwordFile,
        schema,
        Optional.of(directory),
        pool,
        queue,
        patience,
        attempt,
        keysKept,
        compressionLevel);
  }

  public PostgresSettings with(Pool newPool, Queue newQueue) {
    return new PostgresSettings(
        url,
        user,
        passwordFile,
        schema,
        blobDirectory,
        newPool,
        newQueue,
        patience,
        attempt,
        keysKept,
        compressionLevel);
  }

  public PostgresSettings waiting(Duration newPatience, Duration newAttempt) {
    return new PostgresSettings(
        url,
        user,
        passwordFile,
        schema,
        blobDirectory,
        pool,
        queue,
        newPatience,
        newAttempt,
        keysKept,
        compressionLevel);
  }

  private static void require(boolean condition, String problem) {
    if (!condition) {
      throw new IllegalArgumentException(problem);
    }
  }
}
