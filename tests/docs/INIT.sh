# A machine with one folder of data and a disk, and no configuration.
mkdir -p /srv/app /mnt/usb
echo content > /srv/app/file
