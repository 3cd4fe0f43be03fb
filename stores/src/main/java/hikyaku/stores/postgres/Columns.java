package hikyaku.stores.postgres;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;

/** Columns of rows that go to a statement as arrays. */
final class Columns {
  private Columns() {}

  /** Numbers. */
  static final class Numbers {
    private long[] values = new long[16];
    private int count;

    Numbers add(long value) {
      if (count == values.length) {
        values = Arrays.copyOf(values, 2 * count);
      }
      values[count++] = value;
      return this;
    }

    int count() {
      return count;
    }

    long get(int index) {
      return values[index];
    }

    private long[] longs() {
      return Arrays.copyOf(values, count);
    }

    private int[] ints() {
      int[] ints = new int[count];
      Arrays.setAll(ints, i -> (int) values[i]);
      return ints;
    }

    private short[] shorts() {
      short[] shorts = new short[count];
      for (int i = 0; i < count; i++) {
        shorts[i] = (short) values[i];
      }
      return shorts;
    }
  }

  /** Octets, or null. */
  static final class Octets {
    private final List<byte @Nullable []> values = new ArrayList<>();

    Octets add(byte @Nullable [] value) {
      values.add(value);
      return this;
    }
  }

  /** Sets the parameters of a statement one after the other. */
  static final class Parameters {
    private final PreparedStatement statement;
    private final PGConnection connection;
    private int next = 1;

    Parameters(PreparedStatement statement) throws SQLException {
      this.statement = statement;
      this.connection = statement.getConnection().unwrap(PGConnection.class);
    }

    Parameters object(@Nullable Object value) throws SQLException {
      statement.setObject(next++, value);
      return this;
    }

    Parameters octets(byte[] value) throws SQLException {
      statement.setBytes(next++, value);
      return this;
    }

    Parameters longs(Numbers column) throws SQLException {
      return array("int8", column.longs());
    }

    Parameters longs(long[] values) throws SQLException {
      return array("int8", values);
    }

    Parameters ints(Numbers column) throws SQLException {
      return array("int4", column.ints());
    }

    Parameters shorts(Numbers column) throws SQLException {
      return array("int2", column.shorts());
    }

    Parameters octets(Octets column) throws SQLException {
      return array("bytea", column.values.toArray(new byte[0][]));
    }

    Parameters texts(List<String> values) throws SQLException {
      return array("text", values.toArray(new String[0]));
    }

    Parameters flags(boolean[] values) throws SQLException {
      return array("bool", values);
    }

    /** Pieces: their codings, sizes, checksums and octets. */
    Parameters pieces(List<Codec.Piece> pieces) throws SQLException {
      Numbers codings = new Numbers();
      Numbers sizes = new Numbers();
      Numbers crcs = new Numbers();
      Octets octets = new Octets();
      for (Codec.Piece piece : pieces) {
        codings.add(piece.coding());
        sizes.add(piece.size());
        crcs.add(piece.crc());
        octets.add(piece.octets());
      }
      return shorts(codings).ints(sizes).ints(crcs).octets(octets);
    }

    private Parameters array(String type, Object values) throws SQLException {
      statement.setArray(next++, connection.createArrayOf(type, values));
      return this;
    }
  }

  /** An array of numbers that came back. */
  static long[] longs(Array array) throws SQLException {
    Long[] boxed = (Long[]) array.getArray();
    long[] values = new long[boxed.length];
    Arrays.setAll(values, i -> boxed[i]);
    return values;
  }

  /** An array of names for a statement. */
  static Array texts(Connection connection, List<String> values) throws SQLException {
    return connection.createArrayOf("text", values.toArray());
  }
}
