package statebench;

import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * The events of a stream, in a file that is mapped: for each a time in ms, its doubles, and its key, all little-endian, in records of
 * one length. The same bytes are what the oracle's answer was computed of.
 */
final class EventFile {
  /** A mapping holds at most 2 GiB. */
  private static final int RECORDS_PER_PIECE = 1 << 22;

  private final int recordBytes;
  private final int width;
  private final int keyAt;
  private final byte[] key;
  private final MappedByteBuffer[] pieces;

  /** @param keyBytes of a record's key; {@code keyPrefixBytes} of them are read, which is all that the first stage's key has */
  EventFile(String file, long events, int width, int keyBytes, int keyPrefixBytes) throws IOException {
    this.width = width;
    keyAt = 8 + 8 * width;
    recordBytes = keyAt + (keyBytes + 7) / 8 * 8;
    key = new byte[keyPrefixBytes];
    int count = (int) ((events + RECORDS_PER_PIECE - 1) / RECORDS_PER_PIECE);
    pieces = new MappedByteBuffer[count];
    try (FileChannel channel = FileChannel.open(Path.of(file), StandardOpenOption.READ)) {
      if (channel.size() < events * recordBytes) {
        throw new IOException(file + " has " + channel.size() + " bytes, too few for " + events + " events of " + recordBytes);
      }
      for (int i = 0; i < count; i++) {
        long from = (long) i * RECORDS_PER_PIECE;
        long records = Math.min(RECORDS_PER_PIECE, events - from);
        pieces[i] = channel.map(FileChannel.MapMode.READ_ONLY, from * recordBytes, records * recordBytes);
        pieces[i].order(ByteOrder.LITTLE_ENDIAN);
      }
    }
  }

  long time(long event) {
    return pieces[(int) (event / RECORDS_PER_PIECE)].getLong(at(event));
  }

  double[] numbers(long event) {
    MappedByteBuffer piece = pieces[(int) (event / RECORDS_PER_PIECE)];
    int at = at(event) + 8;
    double[] numbers = new double[width];
    for (int i = 0; i < width; i++) numbers[i] = piece.getDouble(at + 8 * i);
    return numbers;
  }

  String key(long event) {
    pieces[(int) (event / RECORDS_PER_PIECE)].get(at(event) + keyAt, key);
    return new String(key, StandardCharsets.ISO_8859_1);
  }

  private int at(long event) {
    return (int) (event % RECORDS_PER_PIECE) * recordBytes;
  }
}
