package statebench;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Says where a subtask of the source is, and when, in a file that a SIGKILL leaves whole: Flink's own metrics are some seconds old.
 * Records of 24 bytes, little-endian: kind, time in ms since 1970, the subtask's next event. Each attempt goes on at the end.
 */
final class Progress implements Closeable {
  private static final long EVERY_NS = 25_000_000;
  private static final long GOES_ON = 0;
  private static final long BEGINS = 1;
  private static final long ENDS = 2;

  private final FileChannel channel;
  private final ByteBuffer record = ByteBuffer.allocateDirect(24).order(ByteOrder.LITTLE_ENDIAN);
  private long lastNs = System.nanoTime();

  Progress(String folder, int subtask, long next) throws IOException {
    Path file = Path.of(folder, "subtask-" + subtask);
    channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND);
    write(BEGINS, next);
  }

  void at(long next) throws IOException {
    long now = System.nanoTime();
    if (now - lastNs < EVERY_NS) return;
    lastNs = now;
    write(GOES_ON, next);
  }

  void end(long next) throws IOException {
    write(ENDS, next);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private void write(long kind, long next) throws IOException {
    record.clear();
    record.putLong(kind).putLong(System.currentTimeMillis()).putLong(next).flip();
    while (record.hasRemaining()) channel.write(record);
  }
}
