package hikyaku.stores.postgres;

import java.io.IOException;
import java.nio.file.Path;

/** What Patroni reads. */
final class PatroniFiles {
  /** What Patroni waits for, in seconds; far less than one would give real machines. */
  private static final String CONFIGURATION =
      """
      scope: hikyaku
      name: %1$s
      restapi:
        listen: %2$s:%4$d
        connect_address: %2$s:%4$d
      etcd3:
        host: %5$s
      bootstrap:
        dcs:
          ttl: 6
          loop_wait: 1
          retry_timeout: 2
          synchronous_mode: true
          postgresql:
            use_pg_rewind: true
            use_slots: true
            parameters:
              max_connections: 200
              shared_buffers: 32MB
              max_wal_size: 512MB
              wal_keep_size: 256MB
              wal_log_hints: 'on'
              hot_standby: 'on'
        initdb:
          - encoding: UTF8
          - locale: C
          - data-checksums
        post_bootstrap: %6$s
      postgresql:
        listen: %2$s:%3$d
        connect_address: %2$s:%3$d
        data_dir: %7$s/data
        bin_dir: %9$s
        pgpass: %7$s/pgpass
        basebackup:
          - checkpoint: fast
        remove_data_directory_on_rewind_failure: true
        remove_data_directory_on_diverged_timelines: true
        pg_hba:
          - host all all samenet scram-sha-256
          - host replication replicator samenet scram-sha-256
        authentication:
          superuser:
            username: postgres
            password: %8$s
          replication:
            username: replicator
            password: %8$s
        parameters:
          unix_socket_directories: ''
      watchdog:
        mode: 'off'
      """;

  private static final String POST_BOOTSTRAP =
      """
      #!/bin/sh -e
      psql -v ON_ERROR_STOP=1 "$1" <<END
      CREATE ROLE %1$s LOGIN PASSWORD '%2$s';
      CREATE DATABASE %1$s OWNER %1$s ENCODING 'UTF8' TEMPLATE template0;
      END
      """;

  private PatroniFiles() {}

  /**
   * A member.
   *
   * @param postBootstrap the script that makes role and database
   * @param place a directory of its own
   * @param password of PostgreSQL's superuser and of those who replicate
   */
  record Of(
      String name,
      String address,
      int postgres,
      int api,
      String etcd,
      Path postBootstrap,
      Path place,
      String password) {}

  static String configuration(Of of) throws IOException {
    return CONFIGURATION.formatted(
        of.name,
        of.address,
        of.postgres,
        of.api,
        of.etcd,
        of.postBootstrap,
        of.place,
        of.password,
        Machine.postgresPrograms());
  }

  /** The script that makes a role and its database of the same name. */
  static String postBootstrap(String user, String password) {
    return POST_BOOTSTRAP.formatted(user, password);
  }
}
